#!/bin/bash
# A fake: the PC has an address of the pool, as if it had been given it; it was typed in.
ip address add "$LAB_FIRST/$LAB_OFFICE_PREFIXLEN" dev eth0
ip link set eth0 up
ip route add default via "$LAB_GATEWAY"
