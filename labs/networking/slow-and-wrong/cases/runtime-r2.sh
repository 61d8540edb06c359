#!/bin/bash
# Right until the next restart.
ip route add $LAB_HQ via $LAB_R1_FAST metric 10
nft flush chain inet filter output
