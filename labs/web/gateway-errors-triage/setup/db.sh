#!/bin/bash
# db: the database server, which another team keeps. The shop's password was changed last night.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_DB/$LAB_LAN_PREFIXLEN
CONF
ifup eth0

echo "listen_addresses = '*'" >/etc/postgresql/15/main/conf.d/lan.conf
cat >>/etc/postgresql/15/main/pg_hba.conf <<CONF
host shop shop $LAB_WEB/32 scram-sha-256
host shop examiner $LAB_DESK/32 scram-sha-256
CONF
service postgresql restart
cd /
runuser -u postgres -- psql -qX -v ON_ERROR_STOP=1 <<SQL
CREATE ROLE shop LOGIN PASSWORD '$LAB_PASSWORD';
CREATE ROLE examiner LOGIN PASSWORD '$LAB_EXAMINER';
CREATE DATABASE shop OWNER shop;
\c shop
SET ROLE shop;
CREATE TABLE products (name text PRIMARY KEY, pence integer NOT NULL);
CREATE TABLE orders (
    ref text PRIMARY KEY,
    product text NOT NULL REFERENCES products,
    placed timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON orders TO examiner;
INSERT INTO products VALUES ('kettle', 2450), ('teapot', 1899), ('tray-$LAB_MARK', 725);
SQL
