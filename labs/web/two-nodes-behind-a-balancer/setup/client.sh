#!/bin/bash
# client: where the visitors are.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_CLIENT/$LAB_FRONT_PREFIXLEN
CONF
ifup eth0
echo "$LAB_LB tickets.example" >>/etc/hosts
