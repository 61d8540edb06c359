#!/bin/bash
# srv: the server at the head office.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_SRV/$LAB_HQ_PREFIXLEN
    gateway $LAB_CORE_LAN
CONF
ifup eth0
