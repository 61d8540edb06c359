#!/bin/bash
# The model solution on r2: ifupdown for addresses and route, sysctl.d for forwarding.
cat >/etc/network/interfaces.d/offices <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R2_LINK/$LAB_LINK_PREFIXLEN
    up ip route add $LAB_LAN_A via $LAB_R1_LINK

auto eth1
iface eth1 inet static
    address $LAB_R2_LAN_B/$LAB_LAN_B_PREFIXLEN
CONF
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-router.conf
ifup eth0 eth1
sysctl --system >/dev/null
