#!/bin/bash
# depot: a router in area 1 that speaks OSPF already.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_DEPOT_METRO/$LAB_METRO_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_DEPOT_LAN/$LAB_STORE_PREFIXLEN
CONF
ifup eth0 eth1
sed -i 's/^ospfd=no/ospfd=yes/' /etc/frr/daemons
cat >/etc/frr/frr.conf <<CONF
interface eth0
 ip ospf hello-interval $LAB_HELLO
 ip ospf dead-interval $LAB_DEAD
 ip ospf area 1
!
interface eth1
 ip ospf passive
 ip ospf area 1
!
router ospf
 ospf router-id $LAB_ID_DEPOT
CONF
systemctl restart frr
