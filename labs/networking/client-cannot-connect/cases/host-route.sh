#!/bin/bash
# A way to the one server that the user asked about.
sed -i "s,gateway .*,&\n    up ip route add $LAB_SRV via $LAB_GATEWAY," \
    /etc/network/interfaces.d/office
ip route add $LAB_SRV via $LAB_GATEWAY
