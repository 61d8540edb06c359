#!/bin/bash
# The route names the interface but no next hop: r1 looks for the PCs on the line itself.
cat >/etc/network/interfaces.d/offices <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R1_LAN_A/$LAB_LAN_A_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_R1_LINK/$LAB_LINK_PREFIXLEN
    up ip route add $LAB_LAN_B dev eth1
CONF
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-router.conf
ifup eth0 eth1
sysctl --system >/dev/null
