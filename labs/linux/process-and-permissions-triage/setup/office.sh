#!/bin/bash
# office: a desk from which the services are used.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_OFFICE/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
