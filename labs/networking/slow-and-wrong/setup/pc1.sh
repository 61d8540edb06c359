#!/bin/bash
# pc1: a desk at the head office.
set -eu
cat >/etc/network/interfaces.d/sites <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PC1/$LAB_HQ_PREFIXLEN
    gateway $LAB_R1_HQ
CONF
ifup eth0
