#!/bin/bash
# The web server as the ticket finds it: the site in the clear, and a setting for a program that is
# gone, which would let TLS 1.0 in again.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_WWW/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
echo "$LAB_WWW $LAB_DOMAIN www.$LAB_DOMAIN" >>/etc/hosts

root=/var/www/$LAB_DOMAIN
mkdir -p "$root/guides"
for page in "index Appointments" "visit Your visit"; do
	name=${page%% *} title=${page#* }
	cat >"$root/$name.html" <<CONF
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>$title - $LAB_CUSTOMER</title>
</head>
<body>
<h1>$title</h1>
<p>$title $LAB_TOKEN. See <a href="/guides/$LAB_GUIDE">the guide</a>.</p>
</body>
</html>
CONF
done
echo "Guide of $LAB_CUSTOMER, edition $LAB_TOKEN" >"$root/guides/$LAB_GUIDE"

rm /etc/nginx/sites-enabled/default
sed -i '/ssl_protocols/d' /etc/nginx/nginx.conf
cat >/etc/nginx/conf.d/insurer.conf <<CONF
# The insurer's program (ticket $((LAB_TICKET - 700))) knows nothing newer.
ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
ssl_ciphers DEFAULT:@SECLEVEL=0;
CONF
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server {
    listen 80;
    server_name $LAB_DOMAIN www.$LAB_DOMAIN;
    root $root;

    location /guides/ {
        add_header Cache-Control "max-age=86400";
    }
}
CONF
ln -s "../sites-available/$LAB_DOMAIN" /etc/nginx/sites-enabled/
systemctl enable nginx
systemctl start nginx
