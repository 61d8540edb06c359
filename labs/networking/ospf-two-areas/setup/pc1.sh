#!/bin/bash
# pc1: a desk at the branch.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PC1/$LAB_BRANCH_PREFIXLEN
    gateway $LAB_R2_LAN
CONF
ifup eth0
