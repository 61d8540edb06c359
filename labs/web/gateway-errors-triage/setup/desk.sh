#!/bin/bash
# desk: where the shop's customers are.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_DESK/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
echo "$LAB_WEB shop.example" >>/etc/hosts
