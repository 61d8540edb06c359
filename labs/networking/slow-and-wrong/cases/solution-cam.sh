#!/bin/bash
ifdown eth0
sed -i "s/address .*/address ${LAB_CAM}\/$LAB_BRANCH_PREFIXLEN/" /etc/network/interfaces.d/sites
ifup eth0
