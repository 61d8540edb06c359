#!/bin/bash
# Addresses and routes are right and written down, but r2 was never told to forward.
cat >/etc/network/interfaces.d/offices <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R2_LINK/$LAB_LINK_PREFIXLEN
    up ip route add $LAB_LAN_A via $LAB_R1_LINK

auto eth1
iface eth1 inet static
    address $LAB_R2_LAN_B/$LAB_LAN_B_PREFIXLEN
CONF
ifup eth0 eth1
