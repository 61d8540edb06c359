#!/bin/bash
# One name of the two, and the log of all sites.
set -e
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server {
    listen 80;
    server_name $LAB_DOMAIN;
    root $LAB_ROOT;
    index index.html;
    autoindex off;
}
CONF
ln -s "../sites-available/$LAB_DOMAIN" /etc/nginx/sites-enabled/
nginx -t
