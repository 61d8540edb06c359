#!/bin/bash
# The site as it was moved: made on Windows, where names of files have no case, by somebody who never
# asked a validator.
set -eu

cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_WWW/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
echo "$LAB_WWW $LAB_DOMAIN" >>/etc/hosts

cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server {
    listen 80;
    server_name $LAB_DOMAIN;
    root /srv/site;
    access_log /var/log/nginx/site.access.log;
}
CONF
ln -s "../sites-available/$LAB_DOMAIN" /etc/nginx/sites-enabled/
systemctl enable --now nginx

site=/srv/site
mkdir -p $site/style $site/images
python3 - "$site/images" "$LAB_PHOTO" <<'CODE'
"""Pictures of a few colours: what they show does not matter here."""
import struct, sys, zlib

folder, photo = sys.argv[1:]
SIZES = {photo: (480, 200), "team": (480, 240), "line": (480, 6)}
for number, (name, (width, height)) in enumerate(SIZES.items()):
    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (120 + x // 6, 90 + 40 * number, 60 + y // 2))
        for y in range(height)
    )
    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    with open(f"{folder}/{name}.png", "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b""))
CODE

cat >"$site/style/$LAB_SHEET.css" <<CONF
body { margin: 0 auto; max-width: 44rem; padding: 0 1rem; font: 1.05rem/1.5 sans-serif; color: #222;
       background-color: $LAB_PAPER; }
nav ul { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: .5rem 0; }
img { max-width: 100%; height: auto; }
footer { border-top: 1px solid #777; margin-top: 2rem; }
CONF

head() {  # TITLE: the beginning of every page; its style sheet is asked for as Windows would find it
    sheet=${LAB_SHEET^}
    cat <<CONF
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$1 - $LAB_CUSTOMER</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="Style/$sheet.css">
</head>
<body>
CONF
}
menu() {  # HOME PRICES: the navigation
    cat <<CONF
<nav>
<ul>
<li><a href="$1">Home</a></li>
<li><a href="about.html">About</a></li>
<li><a href="$2">Prices</a></li>
<li><a href="contact.html">Contact</a></li>
</ul>
</nav>
CONF
}
foot() { printf '<footer>\n<p>%s</p>\n</footer>\n</body>\n</html>\n' "$LAB_CUSTOMER"; }

{
    head Welcome
    menu index.html "$LAB_PRICES.html"
    cat <<CONF
<main>
<center>
<h1>$LAB_CUSTOMER</h1>
</center>
<img src="images/${LAB_PHOTO^}.PNG">
<p>We are a small workshop in the old town. Edition index $LAB_TOKEN.
See when we are <a href="contact.html#Openning">open</a>.</p>
</main>
CONF
    foot
} >$site/index.html
{
    head About
    menu index.html prices.html
    cat <<CONF
<main>
<h1>About us</h1>
<img src="images/team.png">
<p>What we do:
<ul>
<li>repairs</li>
<li>courses on Saturdays</li>
</ul>
</p>
<p>Edition about $LAB_TOKEN.</p>
</main>
CONF
    foot
} >$site/about.html
{
    head Prices
    menu index.html "$LAB_PRICES.html"
    cat <<CONF
<main>
<h1>Prices</h1>
<p><b><i>All prices with tax.</b></i></p>
<p>An hour of work: 38.00. A course: 25.00.</p>
<p>Edition $LAB_PRICES $LAB_TOKEN.</p>
</main>
CONF
    foot
} >"$site/$LAB_PRICES.html"
{
    head Contact
    menu ../site/index.html "$LAB_PRICES.html"
    cat <<CONF
<main>
<h1>Contact</h1>
<h2 id="opening">Opening times</h2>
<p>Tuesday to Saturday, 9 to 17.</p>
<p><img src="images/line.png"></p>
<h2 id="opening">Write to us</h2>
<form action="contact.html">
<p><label for="mail">Your e-mail</label> <input type="email" id="e-mail" name="email"> <button>Send</button></p>
</form>
<p>Edition contact $LAB_TOKEN.</p>
</main>
CONF
    foot
} >$site/contact.html
