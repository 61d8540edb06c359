#!/bin/bash
sed -i "s/via $LAB_R1_FAST metric 100/via $LAB_R1_FAST metric 10/" /etc/network/interfaces.d/sites
ip route add $LAB_HQ via $LAB_R1_FAST metric 10
ip route del $LAB_HQ via $LAB_R1_FAST metric 100 # unchecked: a third row below the two does nothing
sed -i '/icmp type/d' /etc/nftables.conf
systemctl restart nftables
