#!/bin/bash
# No OSPF: static routes that say they are OSPF's, and r1 hides the branch behind its own address.
ip route add $LAB_STORE via $LAB_DEPOT_METRO proto ospf metric 20
ip route flush root $LAB_HQ
ip route add $LAB_HQ via $LAB_CORE_BACKBONE proto ospf metric 20
cat >/etc/nftables.conf <<CONF
#!/usr/sbin/nft -f
flush ruleset
table ip nat {
    chain out { type nat hook postrouting priority srcnat; oifname "eth0" masquerade; }
}
CONF
nft -f /etc/nftables.conf
systemctl enable nftables
