#!/bin/bash
# The folder is closed, with everything in it.
set -e
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server {
    listen 80;
    server_name $LAB_DOMAIN www.$LAB_DOMAIN;
    root $LAB_ROOT;
    index index.html;
    location /downloads/ {
        deny all;
    }
    access_log $LAB_LOG;
}
CONF
ln -s "../sites-available/$LAB_DOMAIN" /etc/nginx/sites-enabled/
nginx -t
