#!/bin/bash
# pc1: a desk at the site.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PC1/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
