#!/bin/bash
# Another right way: the route knows what the line carries, the interface does not.
sed -i "s/metric 10$/metric 10 mtu lock $LAB_LINE_MTU/" /etc/network/interfaces.d/sites
ip route change $LAB_BRANCH via $LAB_R2_FAST metric 10 mtu lock $LAB_LINE_MTU
