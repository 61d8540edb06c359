#!/bin/bash
# srv: the office's server. It has its own addresses; no DHCP server runs.
set -eu
cat >/etc/network/interfaces.d/office <<CONF
auto eth0
iface eth0 inet static
    address $LAB_SRV/$LAB_OFFICE_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_GUEST_SRV/$LAB_GUESTS_PREFIXLEN
CONF
ifup eth0 eth1
