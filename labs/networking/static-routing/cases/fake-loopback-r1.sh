#!/bin/bash
# A fake: r1 answers in pc2's place, from its own loopback interface. There is no route at all.
cat >/etc/network/interfaces.d/offices <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R1_LAN_A/$LAB_LAN_A_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_R1_LINK/$LAB_LINK_PREFIXLEN
    up ip address add $LAB_PC2/32 dev lo
CONF
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-router.conf
ifup eth0 eth1
sysctl --system >/dev/null
