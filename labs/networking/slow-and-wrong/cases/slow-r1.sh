#!/bin/bash
# The paths agree: r1 takes the slow line too.
sed -i -e "s/mtu 1500/mtu $LAB_LINE_MTU/" -e 's/metric 10$/metric 100/' /etc/network/interfaces.d/sites
ip link set eth1 mtu $LAB_LINE_MTU
ip route add $LAB_BRANCH via $LAB_R2_FAST metric 100
ip route del $LAB_BRANCH via $LAB_R2_FAST metric 10
