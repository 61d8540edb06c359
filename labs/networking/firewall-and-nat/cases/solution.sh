#!/bin/bash
# The model solution: one file for nftables, loaded at boot.
cat >/etc/nftables.conf <<CONF
flush ruleset  # unchecked: there is nothing to flush before the first time

table ip office {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept  # unchecked: fw asks nobody here; who works on it will
        iifname "eth2" tcp dport 22 accept
        iifname "eth2" icmp type echo-request accept
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "eth2" oifname "eth0" accept
        iifname "eth2" ip daddr $LAB_WEB tcp dport { 22, 80, $LAB_ADMIN_PORT } accept
        iifname "eth2" ip daddr $LAB_WEB icmp type echo-request accept
        iifname "eth0" ip daddr $LAB_WEB tcp dport 80 ct status dnat accept
        iifname "eth1" oifname "eth0" ip saddr $LAB_WEB tcp dport 80 accept
    }
    chain prerouting {
        type nat hook prerouting priority dstnat;
        iifname "eth0" ip daddr $LAB_FW_OUTSIDE tcp dport $LAB_SHOP_PORT dnat to $LAB_WEB:80
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "eth0" masquerade
    }
}
CONF
systemctl enable --now nftables
