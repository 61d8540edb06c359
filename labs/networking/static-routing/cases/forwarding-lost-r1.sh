#!/bin/bash
# Addresses and route are written down; forwarding is switched on for now only.
cat >/etc/network/interfaces.d/offices <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R1_LAN_A/$LAB_LAN_A_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_R1_LINK/$LAB_LINK_PREFIXLEN
    up ip route add $LAB_LAN_B via $LAB_R2_LINK
CONF
ifup eth0 eth1
sysctl -w net.ipv4.ip_forward=1
