#!/bin/bash
# Right for now: everything works, and a restart loses all of it.
ip address add "$LAB_R2_LINK/$LAB_LINK_PREFIXLEN" dev eth0
ip address add "$LAB_R2_LAN_B/$LAB_LAN_B_PREFIXLEN" dev eth1
ip route add "$LAB_LAN_A" via "$LAB_R1_LINK"
sysctl -w net.ipv4.ip_forward=1
