#!/bin/bash
# pc2: a desk at the second office. Its gateway is r2's address in the plan, which nobody has yet.
set -eu
cat >/etc/network/interfaces.d/office <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PC2/$LAB_LAN_B_PREFIXLEN
    gateway $LAB_R2_LAN_B
CONF
ifup eth0
