#!/bin/bash
# The recorder keeps the server's address and no longer answers for it.
cat >/etc/nftables.conf <<CONF
#!/usr/sbin/nft -f
flush ruleset
table arp quiet {
    chain output { type filter hook output priority 0; policy drop; }
}
CONF
nft -f /etc/nftables.conf
systemctl enable nftables
