#!/bin/bash
# Another right way: the slow line is made worse, and r2 may say again why it drops something.
sed -i "s/via $LAB_R1_SLOW metric 50/via $LAB_R1_SLOW metric 500/" /etc/network/interfaces.d/sites
ifdown eth2
ifup eth2
sed -i 's/{ destination-unreachable, redirect }/redirect/' /etc/nftables.conf
nft -f /etc/nftables.conf
