#!/bin/bash
# pc1: a PC of the office. It asks for its address by DHCP when it is told to.
set -eu
cat >/etc/network/interfaces.d/office <<'CONF'
iface eth0 inet dhcp
CONF
