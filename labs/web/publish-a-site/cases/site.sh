#!/bin/bash
# The model solution: a server block of the site's own, without lists.
set -e
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server {
    listen 80; # unchecked: what nginx does where nothing is said
    server_name $LAB_DOMAIN www.$LAB_DOMAIN;
    root $LAB_ROOT;
    index index.html; # unchecked: nginx's own default
    autoindex off;
    access_log $LAB_LOG;
}
CONF
ln -s "../sites-available/$LAB_DOMAIN" /etc/nginx/sites-enabled/
nginx -t # unchecked: looks, changes nothing
