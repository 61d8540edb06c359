#!/bin/bash
# Another right way: the whole file anew, with a netmask.
ip address flush dev eth0
cat >/etc/network/interfaces.d/sites <<CONF
allow-hotplug eth0
auto eth0
iface eth0 inet static
    address $LAB_CAM
    netmask $LAB_BRANCH_NETMASK
    up ip route replace default via $LAB_R2_BRANCH
CONF
ifup --force eth0
