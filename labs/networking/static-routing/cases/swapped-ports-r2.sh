#!/bin/bash
# The two interfaces of r2 are taken for each other.
cat >/etc/network/interfaces.d/offices <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R2_LAN_B/$LAB_LAN_B_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_R2_LINK/$LAB_LINK_PREFIXLEN
    up ip route add $LAB_LAN_A via $LAB_R1_LINK
CONF
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-router.conf
ifup eth0 eth1
sysctl --system >/dev/null
