#!/bin/bash
# cam: a recorder that was given the server's address.
set -eu
cat >/etc/network/interfaces.d/sites <<CONF
auto eth0
iface eth0 inet static
    address $LAB_SRV/$LAB_BRANCH_PREFIXLEN
    gateway $LAB_R2_BRANCH
CONF
ifup eth0
