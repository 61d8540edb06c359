#!/bin/bash
# ns1: the site's new name server, with an address and nothing else.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_NS1/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
