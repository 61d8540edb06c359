#!/bin/bash
# Right in another way: the application's socket moves to where nginx's users may use it, the settings
# are written anew, the receipts get an entry in their list, and the report waits like every page.
set -e
sed -i -e 's|^WEBAPP_BIND=.*|WEBAPP_BIND=unix:/run/webapp/shop.sock|' -e 's| --umask 007||' /etc/default/webapp
printf '[database]\nhost: %s\nname: shop\nuser: shop\npassword: %s\n' "$LAB_DB" "$LAB_PASSWORD" >/etc/webapp/shop.ini
chown webapp:root /etc/webapp/shop.ini
chmod 400 /etc/webapp/shop.ini
setfacl -m u:webapp:rwx /var/lib/webapp/receipts
sed -i -e 's|unix:/run/webapp/.*;|unix:/run/webapp/shop.sock;|' -e '/proxy_read_timeout/d' /etc/nginx/sites-available/shop
systemctl restart webapp
systemctl reload nginx
