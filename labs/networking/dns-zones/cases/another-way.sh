#!/bin/bash
# Another right way: the words of older manuals, full names, access lists, each file elsewhere.
mkdir -p /srv/dns
cat >>/etc/bind/named.conf.local <<CONF
acl secondaries { $LAB_HQ/32; };
zone "$LAB_ZONE" in {
    type master;
    file "/srv/dns/$LAB_ZONE.zone";
    allow-transfer { secondaries; };
    also-notify { $LAB_HQ; };
};
zone "$LAB_REVERSE" in {
    type master;
    file "/srv/dns/reverse.zone";
    allow-transfer { none; };
};
zone "$LAB_PARENT" in {
    type slave;
    file "/var/lib/bind/$LAB_PARENT";
    masters { $LAB_HQ; };
    allow-transfer { none; };
};
CONF
sed -i 's/^options {/&\n    allow-recursion { none; };\n    allow-query-cache { none; };/' \
    /etc/bind/named.conf.options
read -r web post office <<<"$LAB_ADDRESSES"
cat >/srv/dns/$LAB_ZONE.zone <<CONF
\$ORIGIN $LAB_ZONE.
\$TTL 1h
$LAB_ZONE. SOA ns1.$LAB_ZONE. root.$LAB_ZONE. ( 2026112401 1h 15m 1w 5m )
$LAB_ZONE. NS ns1.$LAB_ZONE.
$LAB_ZONE. NS hq.$LAB_PARENT.
$LAB_ZONE. MX 10 $LAB_POST.$LAB_ZONE.
ns1.$LAB_ZONE. A $LAB_NS1
$LAB_SERVER.$LAB_ZONE. A $web
$LAB_POST.$LAB_ZONE. A $post
$LAB_OFFICE.$LAB_ZONE. A $office
www.$LAB_ZONE. CNAME $LAB_SERVER.$LAB_ZONE.
\$ORIGIN $LAB_CHILD.
@ NS ns
ns A $LAB_HQ
CONF
cat >/srv/dns/reverse.zone <<CONF
\$TTL 1h
@ SOA ns1.$LAB_ZONE. root.$LAB_ZONE. ( 2026112401 1h 15m 1w 5m )
@ NS ns1.$LAB_ZONE.
\$ORIGIN $LAB_ZONE.
2.$LAB_REVERSE. PTR ns1
$LAB_FIRST.$LAB_REVERSE. PTR $LAB_SERVER
$LAB_SECOND.$LAB_REVERSE. PTR $LAB_POST
$LAB_THIRD.$LAB_REVERSE. PTR $LAB_OFFICE
CONF
update-rc.d named enable
service named start
