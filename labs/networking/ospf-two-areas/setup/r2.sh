#!/bin/bash
# r2: addressed, with the static routes of the old network. OSPF is the candidate's.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R2_METRO/$LAB_METRO_PREFIXLEN
    up ip route add $LAB_HQ via $LAB_R1_METRO
    up ip route add $LAB_STORE via $LAB_DEPOT_METRO

auto eth1
iface eth1 inet static
    address $LAB_R2_LAN/$LAB_BRANCH_PREFIXLEN
CONF
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-router.conf
ifup eth0 eth1
