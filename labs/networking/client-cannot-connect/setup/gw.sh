#!/bin/bash
# gw: the office's gateway to the servers.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_GATEWAY/$LAB_OFFICE_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_GATEWAY_SERVERS/$LAB_SERVERS_PREFIXLEN
CONF
ifup eth0 eth1
