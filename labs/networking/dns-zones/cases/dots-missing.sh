#!/bin/bash
# The names in the reverse zone end without a dot.
cat >/etc/bind/named.conf.options <<CONF
options {
    directory "/var/cache/bind";
    recursion no;
    allow-transfer { $LAB_HQ; };
};
CONF
cat >/etc/bind/named.conf.local <<CONF
zone "$LAB_ZONE" { type primary; file "/etc/bind/db.site"; };
zone "$LAB_REVERSE" { type primary; file "/etc/bind/db.reverse"; };
zone "$LAB_PARENT" { type secondary; file "db.company"; primaries { $LAB_HQ; }; };
CONF
read -r web post office <<<"$LAB_ADDRESSES"
cat >/etc/bind/db.site <<CONF
@  3600       IN SOA ns1 hostmaster 1 3600 900 604800 300
             IN NS  ns1
             IN NS  hq.$LAB_PARENT.
             IN MX  10 $LAB_POST
ns1          IN A   $LAB_NS1
$LAB_SERVER  IN A   $web
$LAB_POST    IN A   $post
$LAB_OFFICE  IN A   $office
www          IN CNAME $LAB_SERVER
$LAB_PART    IN NS  ns.$LAB_PART
ns.$LAB_PART IN A   $LAB_HQ
CONF
cat >/etc/bind/db.reverse <<CONF
@  3600       IN SOA ns1.$LAB_ZONE. hostmaster.$LAB_ZONE. 1 3600 900 604800 300
             IN NS  ns1.$LAB_ZONE.
2            IN PTR ns1.$LAB_ZONE
$LAB_FIRST   IN PTR $LAB_SERVER.$LAB_ZONE
$LAB_SECOND  IN PTR $LAB_POST.$LAB_ZONE
$LAB_THIRD   IN PTR $LAB_OFFICE.$LAB_ZONE
CONF
systemctl enable --now named
