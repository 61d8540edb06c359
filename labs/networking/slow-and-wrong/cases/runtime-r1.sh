#!/bin/bash
# Right until the next restart.
ip link set eth1 mtu $LAB_LINE_MTU
