#!/bin/bash
# pc: one of the practice's computers, which knows the names of the web server.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PC/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
echo "$LAB_WWW $LAB_DOMAIN www.$LAB_DOMAIN" >>/etc/hosts
