#!/bin/bash
# No router is named: dnsmasq then names itself.
cat >/etc/dnsmasq.d/office.conf <<CONF
interface=eth0
dhcp-range=$LAB_FIRST,$LAB_BEFORE_DOOR,$LAB_OFFICE_NETMASK,${LAB_HOURS}h
dhcp-range=$LAB_AFTER_DOOR,$LAB_LAST,$LAB_OFFICE_NETMASK,${LAB_HOURS}h
dhcp-option=option:dns-server,$LAB_DNS_1,$LAB_DNS_2
domain=$LAB_DOMAIN
dhcp-host=$LAB_PRINTER_MAC,$LAB_PRINTER
CONF
systemctl enable --now dnsmasq
