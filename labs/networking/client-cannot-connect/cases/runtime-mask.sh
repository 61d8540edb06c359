#!/bin/bash
# Mended with ip alone: right until the PC is switched off.
ip address flush dev eth0
ip address add $LAB_PC/$LAB_OFFICE_PREFIXLEN dev eth0
ip route add default via $LAB_GATEWAY
