#!/bin/bash
# The right mask is added beside the wrong one, which still decides.
sed -i "s,gateway .*,&\n    up ip address add $LAB_PC/$LAB_OFFICE_PREFIXLEN dev eth0," \
    /etc/network/interfaces.d/office
ip address add $LAB_PC/$LAB_OFFICE_PREFIXLEN dev eth0
