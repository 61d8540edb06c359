#!/bin/sh
# The model solution.
set -eu
ip address add "$LAB_ADDRESS/$LAB_LAN_PREFIXLEN" dev eth0
