#!/bin/bash
# The web server as the ticket finds it: another customer's site on it, nginx as its package sets it
# up but for one setting of the house, and the new site's files as the customer has uploaded them.
set -eu

cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_WWW/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
cat >>/etc/hosts <<CONF
$LAB_WWW $LAB_DOMAIN www.$LAB_DOMAIN $LAB_OTHER_DOMAIN $LAB_STRANGER
CONF

# The other customer wants its archive listed, and somebody has said so for the whole server.
cat >/etc/nginx/conf.d/house.conf <<CONF
autoindex on;
server_tokens off;
CONF
other=/var/www/$LAB_OTHER_DOMAIN
mkdir -p "$other/archive"
echo "<!DOCTYPE html><title>$LAB_OTHER</title><h1>$LAB_OTHER</h1><p>$LAB_OTHER_TOKEN" >"$other/index.html"
echo "Minutes of the meeting, $LAB_OTHER_TOKEN" >"$other/archive/minutes-$LAB_TICKET.txt"
cat >"/etc/nginx/sites-available/$LAB_OTHER_DOMAIN" <<CONF
server {
    listen 80;
    server_name $LAB_OTHER_DOMAIN;
    root $other;
}
CONF
ln -s "../sites-available/$LAB_OTHER_DOMAIN" /etc/nginx/sites-enabled/
service nginx start

# Uploaded from two computers: one shares everything, the other nothing.
useradd --create-home --shell /bin/bash "$LAB_EDITOR"
upload=/home/$LAB_EDITOR/upload
umask 077
mkdir -p "$upload/style" "$upload/downloads"
cat >"$upload/index.html" <<CONF
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>$LAB_CUSTOMER</title>
<link rel="stylesheet" href="style/site.css">
</head>
<body>
<h1><img src="images/logo.svg" alt=""> $LAB_CUSTOMER</h1>
<p>Open from Tuesday to Saturday. See our <a href="prices.html">prices</a>.</p>
<p class="imprint">Edition $LAB_TOKEN</p>
</body>
</html>
CONF
cat >"$upload/prices.html" <<CONF
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Prices - $LAB_CUSTOMER</title>
<link rel="stylesheet" href="style/site.css">
</head>
<body>
<h1>Prices</h1>
<p>As a text to print: <a href="downloads/$LAB_LEAFLET">all prices</a>.</p>
<p><a href="index.html">Back to $LAB_CUSTOMER</a></p>
<p class="imprint">Prices $LAB_TOKEN</p>
</body>
</html>
CONF
echo "/* $LAB_TOKEN */ body { max-width: 40rem; margin: auto; }" >"$upload/style/site.css"
echo "All prices, edition $LAB_TOKEN" >"$upload/downloads/$LAB_LEAFLET"
umask 000
mkdir "$upload/images"
cat >"$upload/images/logo.svg" <<CONF
<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><title>$LAB_TOKEN</title><circle cx="12" cy="12" r="10"/></svg>
CONF
chown -R "$LAB_EDITOR:$LAB_EDITOR" "$upload"
