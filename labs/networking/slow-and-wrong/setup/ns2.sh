#!/bin/bash
# ns2: a partner's secondary server, with the zone as it was before the move.
set -eu
cat >/etc/network/interfaces.d/sites <<CONF
auto eth0
iface eth0 inet static
    address $LAB_NS2/$LAB_BRANCH_PREFIXLEN
    gateway $LAB_R2_BRANCH
CONF
ifup eth0
cat >/etc/bind/named.conf.options <<CONF
options {
    directory "/var/cache/bind";
    recursion no;
    allow-transfer { none; };
    try-tcp-refresh no;
    min-refresh-time 5;
    max-refresh-time 10;
    min-retry-time 3;
    max-retry-time 5;
};
CONF
cat >/etc/bind/named.conf.local <<CONF
zone "$LAB_DOMAIN" {
    type secondary;
    file "company";
    masterfile-format text;
    primaries { $LAB_NS1; };
};
CONF
cat >/var/cache/bind/company <<CONF
\$TTL 300
@             IN SOA ns1.$LAB_DOMAIN. hostmaster.$LAB_DOMAIN. $LAB_SERIAL 3600 900 604800 300
              IN NS  ns1
              IN NS  ns2
ns1           IN A   $LAB_NS1
ns2           IN A   $LAB_NS2
$LAB_SERVICE  IN A   $LAB_OLD
CONF
chown bind: /var/cache/bind/company
systemctl enable --now named
