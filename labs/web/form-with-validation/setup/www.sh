#!/bin/bash
# The web server as the ticket finds it: nginx with PHP, and a page that says that there is nothing yet.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_WWW/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
cat >>/etc/hosts <<CONF
$LAB_WWW $LAB_DOMAIN
$LAB_DB db
CONF
mkdir -p "/var/www/$LAB_DOMAIN"
cat >"/var/www/$LAB_DOMAIN/index.html" <<CONF
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>$LAB_CUSTOMER</title></head>
<body><h1>$LAB_CUSTOMER</h1><p>Bookings by telephone only.</p></body>
</html>
CONF
rm /etc/nginx/sites-enabled/default
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server {
    listen 80;
    server_name $LAB_DOMAIN;
    root /var/www/$LAB_DOMAIN;
    index index.php index.html;
    location / {
        try_files \$uri \$uri/ /index.php\$is_args\$args;
    }
    location ~ \.php\$ {
        include snippets/fastcgi-php.conf;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
    }
}
CONF
ln -s "../sites-available/$LAB_DOMAIN" /etc/nginx/sites-enabled/
systemctl enable nginx php8.2-fpm
systemctl start php8.2-fpm
systemctl start nginx
