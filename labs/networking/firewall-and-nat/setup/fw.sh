#!/bin/bash
# fw: addressed, forwarding, reached by SSH from everywhere. It filters and translates nothing.
set -eu
cat >/etc/network/interfaces.d/lines <<CONF
auto eth0
iface eth0 inet static
    address $LAB_FW_OUTSIDE/$LAB_OUTSIDE_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_FW_DMZ/$LAB_DMZ_PREFIXLEN

auto eth2
iface eth2 inet static
    address $LAB_FW_LAN/$LAB_LAN_PREFIXLEN
CONF
ifup eth0 eth1 eth2
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-router.conf
sysctl --system >/dev/null
systemctl enable --now ssh
