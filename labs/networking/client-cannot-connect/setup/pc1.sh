#!/bin/bash
# pc1: one of its settings is wrong. Which one, the drawn values decide.
set -eu
cat >/etc/network/interfaces.d/office <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PC/$LAB_SET_PREFIX
    gateway $LAB_SET_GATEWAY
CONF
cat >/etc/resolv.conf <<CONF
search $LAB_DOMAIN
nameserver $LAB_SET_SERVER
CONF
ifup eth0
