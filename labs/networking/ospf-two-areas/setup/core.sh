#!/bin/bash
# core: the head office's router, in area 0. It belongs to the carrier and speaks OSPF already.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_CORE_LAN/$LAB_HQ_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_CORE_BACKBONE/$LAB_BACKBONE_PREFIXLEN
CONF
ifup eth0 eth1
sed -i 's/^ospfd=no/ospfd=yes/' /etc/frr/daemons
cat >/etc/frr/frr.conf <<CONF
interface eth0
 ip ospf passive
 ip ospf area 0
!
interface eth1
 ip ospf hello-interval $LAB_HELLO
 ip ospf dead-interval $LAB_DEAD
 ip ospf area 0
!
router ospf
 ospf router-id $LAB_ID_CORE
CONF
systemctl restart frr
