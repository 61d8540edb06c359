#!/bin/bash
# ns1: its zone was changed without a new serial number, and it lets a machine fetch it that is gone.
set -eu
cat >/etc/network/interfaces.d/sites <<CONF
auto eth0
iface eth0 inet static
    address $LAB_NS1/$LAB_HQ_PREFIXLEN
    gateway $LAB_R1_HQ
CONF
ifup eth0
cat >/etc/bind/named.conf.options <<CONF
options {
    directory "/var/cache/bind";
    recursion no;
    allow-transfer { $LAB_OLD; };
};
CONF
cat >/etc/bind/named.conf.local <<CONF
zone "$LAB_DOMAIN" { type primary; file "/etc/bind/db.company"; };
CONF
cat >/etc/bind/db.company <<CONF
\$TTL 300
@             IN SOA ns1 hostmaster $LAB_SERIAL 3600 900 604800 300
              IN NS  ns1
              IN NS  ns2
ns1           IN A   $LAB_NS1
ns2           IN A   $LAB_NS2
$LAB_SERVICE  IN A   $LAB_SRV
CONF
systemctl enable --now named
