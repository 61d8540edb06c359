#!/bin/bash
# pc: a desk in the office. It answers on SSH, as many a machine in an office does.
set -eu
cat >/etc/network/interfaces.d/line <<CONF
auto eth0
iface eth0 inet static
    address $LAB_PC/$LAB_LAN_PREFIXLEN
    gateway $LAB_FW_LAN
CONF
ifup eth0
systemctl enable --now ssh
