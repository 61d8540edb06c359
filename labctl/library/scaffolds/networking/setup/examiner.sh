#!/bin/sh
# Run as root before the candidate gets in.
set -eu
ip address add "$LAB_EXAMINER/$LAB_LAN_PREFIXLEN" dev eth0
