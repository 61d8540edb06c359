#!/bin/sh
# A fake: the host answers on the address, but no interface of the network has it.
set -eu
ip address add "$LAB_ADDRESS/$LAB_LAN_PREFIXLEN" dev lo
