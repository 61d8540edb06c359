#!/bin/bash
# Right for now: everything works, and a restart loses all of it.
ip address add "$LAB_R1_LAN_A/$LAB_LAN_A_PREFIXLEN" dev eth0
ip address add "$LAB_R1_LINK/$LAB_LINK_PREFIXLEN" dev eth1
ip route add "$LAB_LAN_B" via "$LAB_R2_LINK"
sysctl -w net.ipv4.ip_forward=1
