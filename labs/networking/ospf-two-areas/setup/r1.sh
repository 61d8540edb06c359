#!/bin/bash
# r1: addressed, with the static routes of the old network. OSPF is the candidate's.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R1_BACKBONE/$LAB_BACKBONE_PREFIXLEN
    up ip route add $LAB_HQ via $LAB_CORE_BACKBONE

auto eth1
iface eth1 inet static
    address $LAB_R1_METRO/$LAB_METRO_PREFIXLEN
    up ip route add $LAB_BRANCH via $LAB_R2_METRO
CONF
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-router.conf
ifup eth0 eth1
