#!/bin/bash
# web: the shop behind nginx, with what last night's maintenance has left: three faults, drawn.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_WEB/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
echo "$LAB_WEB shop.example" >>/etc/hosts

mkdir -p /srv/webapp/static /etc/webapp
cat >/srv/webapp/app.py <<'CONF'
"""The shop: what it sells and what was ordered, kept in PostgreSQL.

The settings in /etc/webapp/shop.ini are read when the application starts.
"""

import configparser
import os
import time
from pathlib import Path

import psycopg2
from flask import Flask, request

SETTINGS = Path("/etc/webapp/shop.ini")
RECEIPTS = Path("/var/lib/webapp/receipts")

settings = configparser.ConfigParser(interpolation=None)
settings.read_string(SETTINGS.read_text())
app = Flask(__name__)


def database():
    known = settings["database"]
    return psycopg2.connect(
        host=known["host"],
        dbname=known["name"],
        user=known["user"],
        password=known["password"],
        connect_timeout=4,
    )


@app.get("/health")
def health():
    """Whether the application itself answers; asks nobody else."""
    return f"up {request.args.get('ref', '')}\n", 200, {"Content-Type": "text/plain"}


@app.get("/")
def products():
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, pence FROM products ORDER BY name")
        rows = "".join(f"<li>{name}: £{pence / 100:.2f}</li>" for name, pence in cursor)
    return f"<!DOCTYPE html><title>Shop</title><h1>Shop</h1><ul>{rows}</ul>"


@app.post("/orders")
def order():
    """Place an order, and write the receipt that the accountants collect."""
    ref, product = request.args["ref"], request.args["product"]
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders (ref, product) VALUES (%s, %s)", (ref, product))
        with open(RECEIPTS / f"{Path(ref).name}.txt", "x", opener=_private) as receipt:
            receipt.write(f"{ref} {product}\n")
    return f"ordered {ref}\n", 201, {"Content-Type": "text/plain"}


def _private(path, flags):
    return os.open(path, flags, 0o640)


@app.get("/orders/<ref>")
def ordered(ref):
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT product FROM orders WHERE ref = %s", (ref,))
        row = cursor.fetchone()
    if row is None:
        return "no such order\n", 404
    return f"{ref} {row[0]}\n", 200, {"Content-Type": "text/plain"}


@app.get("/report")
def report():
    """The value of the stock. The wholesaler's price list always takes its time: some three seconds."""
    time.sleep(3)
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*), sum(pence) FROM products")
        count, pence = cursor.fetchone()
    return f"{count} products, £{pence / 100:.2f}\n", 200, {"Content-Type": "text/plain"}
CONF
echo "h1 { color: darkgreen; }" >/srv/webapp/static/shop.css

stale=$LAB_PASSWORD host=$LAB_DB
case $LAB_DATABASE in
password) stale=$LAB_OLD_PASSWORD ;;
moved) host=$LAB_OLD_DB ;;
esac
cat >/etc/webapp/shop.ini <<CONF
[database]
host = $host
name = shop
user = shop
password = $stale
CONF
chown root:webapp /etc/webapp/shop.ini
chmod 0640 /etc/webapp/shop.ini
(umask 077 && cat >/root/database-note.txt) <<CONF
From: database team
Subject: maintenance done, ticket $LAB_TICKET

The shop's database is reached like this from today; older details no longer work.

    server    $LAB_DB
    database  shop
    user      shop
    password  $LAB_PASSWORD
CONF

# The socket is for those in the group of the application, which nginx's workers are to be in.
sed -i 's/^WEBAPP_OPTIONS=.*/WEBAPP_OPTIONS="--threads 4 --umask 007"/' /etc/default/webapp
socket=/run/webapp/webapp.sock
case $LAB_GATEWAY in
socket)
    usermod -aG webapp www-data
    socket=/run/webapp/shop.sock
    ;;
permission) ;;
esac
install -d -o root -g root -m 0755 /var/lib/webapp
install -d -o webapp -g webapp -m 0750 /var/lib/webapp/receipts
echo "A0001 kettle" >/var/lib/webapp/receipts/A0001.txt
chown webapp:webapp /var/lib/webapp/receipts/A0001.txt
chmod 0640 /var/lib/webapp/receipts/A0001.txt
timeout=30s
case $LAB_LATER in
receipts) chown -R root:root /var/lib/webapp/receipts ;;
timeout) timeout=2s ;;
esac

rm /etc/nginx/sites-enabled/default
cat >/etc/nginx/sites-available/shop <<CONF
upstream shop {
    server unix:$socket;
}
server {
    listen 80;
    server_name shop.example;
    access_log /var/log/nginx/shop.access.log;
    error_log /var/log/nginx/shop.error.log;

    location / {
        include proxy_params;
        proxy_pass http://shop;
    }
    location = /report {
        include proxy_params;
        proxy_pass http://shop;
        proxy_read_timeout $timeout;
    }
    location /static/ {
        root /srv/webapp;
    }
}
CONF
ln -s ../sites-available/shop /etc/nginx/sites-enabled/
systemctl enable webapp nginx
systemctl start webapp nginx
