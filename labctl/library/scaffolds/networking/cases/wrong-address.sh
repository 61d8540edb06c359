#!/bin/sh
# The last number is mistyped: 11 for 10.
set -eu
ip address add "${LAB_ADDRESS%.*}.11/$LAB_LAN_PREFIXLEN" dev eth0
