#!/bin/bash
# pc1: a desk at the head office. Its gateway is r1's address in the plan, which nobody has yet.
set -eu
cat >/etc/network/interfaces.d/office <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PC1/$LAB_LAN_A_PREFIXLEN
    gateway $LAB_R1_LAN_A
CONF
ifup eth0
