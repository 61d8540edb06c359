#!/bin/bash
# Another right way: FRR's command line, with `network` statements.
sed -i '/up ip route/d' /etc/network/interfaces.d/plan
ip route flush root $LAB_HQ
ip route flush root $LAB_BRANCH
sed -i 's/^ospfd=.*/ospfd=yes/' /etc/frr/daemons
service frr restart
vtysh -c 'configure terminal' \
    -c 'interface eth0' -c "ip ospf dead-interval $LAB_DEAD" -c "ip ospf hello-interval $LAB_HELLO" -c 'exit' \
    -c 'interface eth1' -c "ip ospf dead-interval $LAB_DEAD" -c "ip ospf hello-interval $LAB_HELLO" -c 'exit' \
    -c 'router ospf' -c "ospf router-id $LAB_ID_R1" \
    -c "network $LAB_BACKBONE area 0.0.0.0" -c "network $LAB_METRO area 0.0.0.1"
vtysh -c 'write memory'
