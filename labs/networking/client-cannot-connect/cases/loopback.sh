#!/bin/bash
# The server's address on the PC itself: "ping works again".
sed -i "s,gateway .*,&\n    up ip address add $LAB_SRV/32 dev lo," /etc/network/interfaces.d/office
ip address add $LAB_SRV/32 dev lo
