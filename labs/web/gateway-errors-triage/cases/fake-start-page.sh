#!/bin/bash
# The products are taken from the database once, by hand, and shown as a page that never changes.
PGPASSWORD=$LAB_PASSWORD psql -h "$LAB_DB" -U shop -AtX -c \
    "SELECT '<li>' || name || ': £' || round(pence / 100.0, 2) FROM products" shop >/srv/webapp/static/start.html
sed -i 's|    location / {|    location = / {\n        root /srv/webapp/static;\n        try_files /start.html =404;\n    }\n    location / {|' /etc/nginx/sites-available/shop
service nginx reload
