#!/bin/bash
# web: the web server in the DMZ: the shop on port 80, its administration, and SSH.
set -eu
cat >/etc/network/interfaces.d/line <<CONF
auto eth0
iface eth0 inet static
    address $LAB_WEB/$LAB_DMZ_PREFIXLEN
    gateway $LAB_FW_DMZ
CONF
ifup eth0
cat >/etc/nginx/sites-available/default <<CONF
server {
    listen 80 default_server;
    location / { return 200 "The shop of $LAB_CUSTOMER\n"; }
}
server {
    listen $LAB_ADMIN_PORT default_server;
    location / { return 200 "Administration\n"; }
}
CONF
systemctl enable --now nginx ssh
