#!/bin/bash
# r2: it prefers the slow line, and a rule keeps its own messages about big packets in.
set -eu
cat >/etc/network/interfaces.d/sites <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R2_BRANCH/$LAB_BRANCH_PREFIXLEN

# the fast line
auto eth1
iface eth1 inet static
    address $LAB_R2_FAST/$LAB_FAST_PREFIXLEN
    mtu $LAB_LINE_MTU
    up ip route add $LAB_HQ via $LAB_R1_FAST metric 100

# the slow line, in reserve
auto eth2
iface eth2 inet static
    address $LAB_R2_SLOW/$LAB_SLOW_PREFIXLEN
    up ip route add $LAB_HQ via $LAB_R1_SLOW metric 50
CONF
cat >/etc/nftables.conf <<CONF
#!/usr/sbin/nft -f
flush ruleset

table inet filter {
    chain forward {
        type filter hook forward priority filter; policy accept;
        iifname { "eth1", "eth2" } tcp dport $LAB_FILTERED drop
    }
    chain output {
        type filter hook output priority filter; policy accept;
        icmp type { destination-unreachable, redirect } drop
    }
}
CONF
ifup eth0 eth1 eth2
systemctl enable --now nftables
