#!/bin/bash
# A web server with an empty site: nginx, the photo in three sizes, and what takes the form.
set -eu

cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_WWW/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
echo "$LAB_WWW $LAB_DOMAIN" >>/etc/hosts

# nginx answers a POST to a page of its own only as an error: so this one is sent on to itself.
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server {
    listen 80;
    server_name $LAB_DOMAIN;
    root /srv/site;
    location = /enquiry {
        default_type text/html;
        if (\$request_method != POST) { return 405; }
        proxy_pass http://127.0.0.1:8077;
    }
}
server {
    listen 127.0.0.1:8077;
    location / {
        default_type text/html;
        return 200 '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Thanks</title><h1>Thank you $LAB_TOKEN</h1>';
    }
}
CONF
ln -s "../sites-available/$LAB_DOMAIN" /etc/nginx/sites-enabled/
systemctl enable --now nginx

mkdir -p /srv/site/photo
python3 - <<'CODE'
"""A photo in three sizes: a shop front of a few shapes, with the noise that makes photos heavy."""
import random, struct, zlib

def picture(width, height, noise):
    chance = random.Random(7)
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            u, v = x / width, y / height
            if v > 0.82: colour = (150, 148, 140)                                   # pavement
            elif v > 0.72 and (0.1 < u < 0.3 or 0.7 < u < 0.9): colour = (110, 70, 40)   # two benches
            elif 0.42 < u < 0.58 and v > 0.35: colour = (60, 90, 80)                # door
            elif (0.1 < u < 0.38 or 0.62 < u < 0.9) and 0.35 < v < 0.65: colour = (150, 190, 210)
            elif v < 0.15: colour = (170, 200, 230)                                 # sky
            else: colour = (200, 170, 140)
            shade = chance.randrange(noise)
            rows.extend(min(255, part + shade) for part in colour)
    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(bytes(rows), 6)) + part(b"IEND", b"")

for name, width, height, noise in (("large", 1400, 700, 24), ("medium", 640, 320, 4), ("small", 360, 180, 3)):
    with open(f"/srv/site/photo/shop-{name}.png", "wb") as file:
        file.write(picture(width, height, noise))
CODE
