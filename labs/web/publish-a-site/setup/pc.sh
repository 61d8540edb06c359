#!/bin/bash
# pc: a visitor, who knows the names that lead to the web server.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PC/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
cat >>/etc/hosts <<CONF
$LAB_WWW $LAB_DOMAIN www.$LAB_DOMAIN $LAB_OTHER_DOMAIN $LAB_STRANGER
CONF
