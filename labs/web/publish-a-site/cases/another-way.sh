#!/bin/bash
# Right in another way: the web server reads by its group, everything stands in one file, the stock
# default is taken out, and a page of its own hides the folder's content.
set -e
install -d -o "$LAB_EDITOR" -g www-data -m 2750 "$LAB_ROOT"
rsync -rt --chmod=D2750,F0640 --chown="$LAB_EDITOR:www-data" "/home/$LAB_EDITOR/upload/" "$LAB_ROOT/"
cat >/etc/nginx/conf.d/10-sites.conf <<CONF
server {
    listen 80 default_server;
    listen [::]:80 default_server;
    return 404;
}
server {
    listen 80;
    listen [::]:80;
    server_name .$LAB_DOMAIN;
    root $LAB_ROOT;
    access_log $LAB_LOG combined;
    location = /downloads/ {
        return 301 /prices.html;
    }
    location / {
        try_files \$uri \$uri/ =404;
    }
}
CONF
rm /etc/nginx/sites-enabled/default
systemctl restart nginx
update-rc.d nginx defaults
update-rc.d nginx enable
