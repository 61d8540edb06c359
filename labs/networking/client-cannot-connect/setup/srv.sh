#!/bin/bash
# srv: the name server of the company, and its intranet.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_SRV/$LAB_SERVERS_PREFIXLEN
    gateway $LAB_GATEWAY_SERVERS
CONF
ifup eth0
cat >/etc/bind/named.conf.options <<CONF
options {
    directory "/var/cache/bind";
    recursion no;
    listen-on-v6 { none; };
};
CONF
cat >/etc/bind/named.conf.local <<CONF
zone "$LAB_DOMAIN" { type primary; file "/etc/bind/db.company"; };
CONF
cat >/etc/bind/db.company <<CONF
\$TTL 3600
@         IN SOA ns hostmaster 1 3600 900 604800 300
          IN NS  ns
ns        IN A   $LAB_SRV
intranet  IN A   $LAB_SRV
CONF
systemctl enable --now named
