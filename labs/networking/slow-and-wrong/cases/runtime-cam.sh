#!/bin/bash
# Right until the next restart.
ip address flush dev eth0
ip address add $LAB_CAM/$LAB_BRANCH_PREFIXLEN dev eth0
ip route add default via $LAB_R2_BRANCH
