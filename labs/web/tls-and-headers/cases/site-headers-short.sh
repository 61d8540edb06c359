#!/bin/bash
# As many guides on the net have it: one block that leads to TLS, one that serves, headers in a snippet.
set -e
cat >/etc/nginx/snippets/headers.conf <<CONF
add_header Strict-Transport-Security "max-age=31536000; includeSubDomains";
add_header X-Content-Type-Options nosniff;
add_header Content-Security-Policy "default-src 'self'";
add_header Referrer-Policy same-origin;
CONF
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server_tokens off;
server {
    listen 80;
    server_name $LAB_DOMAIN www.$LAB_DOMAIN;
    return 301 https://\$host\$request_uri;
}
server {
    listen 443 ssl;
    server_name $LAB_DOMAIN www.$LAB_DOMAIN;
    ssl_certificate /etc/ssl/certs/$LAB_DOMAIN.crt;
    ssl_certificate_key $LAB_KEY;
    ssl_protocols TLSv1.2 TLSv1.3;
    root /var/www/$LAB_DOMAIN;
    include snippets/headers.conf;
    location /guides/ {
        add_header Cache-Control "max-age=86400";
    }
}
CONF
rm /etc/nginx/conf.d/insurer.conf # unchecked: the server block's own versions count
nginx -t # unchecked: looks, changes nothing
systemctl restart nginx
