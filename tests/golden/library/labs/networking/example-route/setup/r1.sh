#!/bin/sh
: "$LAB_R1_LAN_A" "$LAB_SITE_A_NETMASK"
