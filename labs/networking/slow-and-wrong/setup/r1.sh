#!/bin/bash
# r1: it takes the fast line to carry 1500 bytes, as any other.
set -eu
cat >/etc/network/interfaces.d/sites <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R1_HQ/$LAB_HQ_PREFIXLEN

# the fast line
auto eth1
iface eth1 inet static
    address $LAB_R1_FAST/$LAB_FAST_PREFIXLEN
    mtu 1500
    up ip route add $LAB_BRANCH via $LAB_R2_FAST metric 10

# the slow line, in reserve
auto eth2
iface eth2 inet static
    address $LAB_R1_SLOW/$LAB_SLOW_PREFIXLEN
    up ip route add $LAB_BRANCH via $LAB_R2_SLOW metric 50
CONF
ifup eth0 eth1 eth2
