#!/bin/bash
sed -i "s/mtu 1500/mtu $LAB_LINE_MTU/" /etc/network/interfaces.d/sites
ip link set eth1 mtu $LAB_LINE_MTU
