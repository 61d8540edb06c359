#!/bin/bash
sed -i '/up ip route add/d' /etc/network/interfaces.d/plan
ip route del $LAB_HQ via $LAB_CORE_BACKBONE
ip route del $LAB_BRANCH via $LAB_R2_METRO
sed -i 's/^ospfd=no/ospfd=yes/' /etc/frr/daemons
cat >/etc/frr/frr.conf <<CONF
interface eth0
 ip ospf hello-interval $LAB_HELLO
 # unchecked: FRR itself takes four times the hello interval
 ip ospf dead-interval $LAB_DEAD
 ip ospf area 0
interface eth1
 ip ospf hello-interval $LAB_HELLO
 # unchecked: FRR itself takes four times the hello interval
 ip ospf dead-interval $LAB_DEAD
 ip ospf area 1
router ospf
 ospf router-id $LAB_ID_R1
CONF
systemctl restart frr
