#!/bin/bash
# The static routes stay as they are.
sed -i 's/^ospfd=no/ospfd=yes/' /etc/frr/daemons
cat >/etc/frr/frr.conf <<CONF
interface eth0
 ip ospf hello-interval $LAB_HELLO
 ip ospf dead-interval $LAB_DEAD
 ip ospf area 1
interface eth1
 ip ospf passive
 ip ospf area 1
router ospf
 ospf router-id $LAB_ID_R2
CONF
systemctl restart frr
