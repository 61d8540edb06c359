#!/bin/bash
# Another right way: FRR, as on a router with a command line of its own. Forwarding is switched on
# first: FRR writes `no ip forwarding` into its configuration if it finds it off.
echo 'net.ipv4.ip_forward=1' >>/etc/sysctl.conf
sysctl -p
systemctl enable --now frr
vtysh -c 'configure terminal' \
    -c 'interface eth0' -c "ip address $LAB_R1_LAN_A/$LAB_LAN_A_PREFIXLEN" -c 'exit' \
    -c 'interface eth1' -c "ip address $LAB_R1_LINK/$LAB_LINK_PREFIXLEN" -c 'exit' \
    -c "ip route $LAB_LAN_B $LAB_R2_LINK"
vtysh -c 'write memory'
