#!/bin/bash
# The model solution: one block that leads to TLS, one that serves, headers in a snippet.
set -e
cat >/etc/nginx/snippets/headers.conf <<CONF
add_header Strict-Transport-Security "max-age=31536000" always;
add_header X-Content-Type-Options nosniff always;
add_header Content-Security-Policy "default-src 'self'" always;
add_header Referrer-Policy same-origin always;
CONF
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server_tokens off;
server {
    listen 80; # unchecked: what nginx does where nothing is said
    server_name $LAB_DOMAIN www.$LAB_DOMAIN; # unchecked: no other site is on this port
    return 301 https://\$host\$request_uri;
}
server {
    listen 443 ssl;
    server_name $LAB_DOMAIN www.$LAB_DOMAIN; # unchecked: no other site is on this port
    ssl_certificate /etc/ssl/certs/$LAB_DOMAIN.crt;
    ssl_certificate_key $LAB_KEY;
    ssl_protocols TLSv1.2 TLSv1.3; # unchecked: the insurer's file is gone, and OpenSSL refuses older ones by itself
    root /var/www/$LAB_DOMAIN;
    include snippets/headers.conf;
    location /guides/ {
        include snippets/headers.conf;
        add_header Cache-Control "max-age=86400";
    }
}
CONF
rm /etc/nginx/conf.d/insurer.conf # unchecked: the server block's own versions count
nginx -t # unchecked: looks, changes nothing
systemctl restart nginx
