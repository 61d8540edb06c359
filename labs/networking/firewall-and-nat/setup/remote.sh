#!/bin/bash
# remote: somebody on the internet, who has a web server, SSH, and no good intentions: it sends what
# is for the customer's inner networks to the firewall.
set -eu
cat >/etc/network/interfaces.d/line <<CONF
auto eth0
iface eth0 inet static
    address $LAB_REMOTE/$LAB_OUTSIDE_PREFIXLEN
    up ip route add $LAB_LAN via $LAB_FW_OUTSIDE
    up ip route add $LAB_DMZ via $LAB_FW_OUTSIDE
CONF
ifup eth0
cat >/etc/nginx/sites-available/default <<'CONF'
server {
    listen 80 default_server;
    location / { return 200 "Somewhere on the internet\n"; }
}
CONF
systemctl enable --now nginx ssh
