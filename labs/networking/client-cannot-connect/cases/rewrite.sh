#!/bin/bash
# Another right way: everything is written anew, whatever was wrong.
ifdown eth0
rm /etc/network/interfaces.d/office
cat >>/etc/network/interfaces <<CONF

auto eth0
iface eth0 inet static
    address $LAB_PC
    netmask $LAB_OFFICE_NETMASK
    up ip route replace default via $LAB_GATEWAY
CONF
ifup eth0
printf 'domain %s\nnameserver %s\n' "$LAB_DOMAIN" "$LAB_SRV" >/etc/resolv.conf
