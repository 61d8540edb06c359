#!/bin/bash
# hq: the head office's name server. Primary of the company's zone, secondary of the site's, and
# primary of the contractor's, who uses this machine.
set -eu
cat >/etc/network/interfaces.d/plan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_HQ/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
cat >/etc/bind/named.conf.options <<CONF
options {
    directory "/var/cache/bind";
    recursion no;
    listen-on-v6 { none; };
    allow-transfer { $LAB_NS1; };
    notify explicit;
    also-notify { $LAB_NS1; };
    notify-delay 0;
    try-tcp-refresh no;
    min-refresh-time 5;
    max-refresh-time 10;
    min-retry-time 3;
    max-retry-time 5;
};
CONF
cat >/etc/bind/named.conf.local <<CONF
zone "$LAB_PARENT" { type primary; file "company"; update-policy local; };
zone "$LAB_ZONE" { type secondary; file "site"; masterfile-format text; primaries { $LAB_NS1; }; };
zone "$LAB_CHILD" { type primary; file "contractor"; };
CONF
cat >/var/cache/bind/company <<CONF
\$TTL 3600
@               IN SOA hq hostmaster 2026010100 3600 900 604800 300
                IN NS  hq
                IN NS  ns1.$LAB_SITE
hq              IN A   $LAB_HQ
intranet        IN A   $LAB_HQ
$LAB_SITE       IN NS  ns1.$LAB_SITE
                IN NS  hq
ns1.$LAB_SITE   IN A   $LAB_NS1
CONF
cat >/var/cache/bind/contractor <<CONF
\$TTL 3600
@     IN SOA ns hostmaster 7 3600 900 604800 300
      IN NS  ns
ns    IN A   $LAB_HQ
gate  IN A   $LAB_FREE
CONF
# What the head office has kept so far. With a copy, however old, BIND asks the primary for a newer one
# as often as it is told to above; without one it waits for minutes.
cat >/var/cache/bind/site <<CONF
\$TTL 3600
@  IN SOA hq.$LAB_PARENT. hostmaster.$LAB_PARENT. 0 3600 900 604800 300
   IN NS  hq.$LAB_PARENT.
CONF
chown bind: /var/cache/bind/*
systemctl enable --now named
