#!/bin/bash
# A fake: a copy of the shop's page is served by fw itself, on the published port.
cat >/etc/nftables.conf <<CONF
#!/usr/sbin/nft -f
flush ruleset

table ip office {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iifname "eth0" tcp dport 8000 accept
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
        iifname "eth0" ip daddr $LAB_FW_OUTSIDE tcp dport $LAB_SHOP_PORT redirect to :8000
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "eth0" masquerade
    }
}
CONF
systemctl enable --now nftables
printf 'HTTP/1.0 200 OK\r\n\r\nThe shop of %s\n' "$LAB_CUSTOMER" >/srv/shop
setsid bash -c 'while :; do nc -l -N 8000 </srv/shop; done' >/dev/null 2>&1 </dev/null &
