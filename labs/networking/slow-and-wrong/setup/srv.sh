#!/bin/bash
# srv: the application, a list that takes many packets, and a port that the head office has no use for.
set -eu
cat >/etc/network/interfaces.d/sites <<CONF
auto eth0
iface eth0 inet static
    address $LAB_SRV/$LAB_BRANCH_PREFIXLEN
    gateway $LAB_R2_BRANCH
CONF
ifup eth0
cat >/etc/nginx/sites-enabled/default <<CONF
server { listen 80; root /srv/www; }
server { listen $LAB_FILTERED; root /srv/www; }
CONF
mkdir -p /srv/www
{
    for number in {1..4000}; do echo "$number of 4000: one line of the list among many others"; done
    echo "end of the list $LAB_MARKER"
} >/srv/www/list.txt
systemctl enable nginx
systemctl restart nginx
