#!/bin/bash
# One range from the first to the last address, the door's within it.
cat >/etc/dnsmasq.d/office.conf <<CONF
interface=eth0
dhcp-range=$LAB_FIRST,$LAB_LAST,$LAB_OFFICE_NETMASK,${LAB_HOURS}h
dhcp-option=option:router,$LAB_GATEWAY
dhcp-option=option:dns-server,$LAB_DNS_1,$LAB_DNS_2
domain=$LAB_DOMAIN
dhcp-host=$LAB_PRINTER_MAC,$LAB_PRINTER
CONF
systemctl enable --now dnsmasq
