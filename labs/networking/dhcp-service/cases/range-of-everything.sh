#!/bin/bash
# Every address of the subnet is given out, the servers' own among them.
cat >/etc/dnsmasq.d/office.conf <<CONF
interface=eth0
dhcp-range=${LAB_OFFICE_NETWORK%.*}.5,${LAB_OFFICE_NETWORK%.*}.250,$LAB_OFFICE_NETMASK,${LAB_HOURS}h
dhcp-option=option:router,$LAB_GATEWAY
dhcp-option=option:dns-server,$LAB_DNS_1,$LAB_DNS_2
domain=$LAB_DOMAIN
dhcp-host=$LAB_PRINTER_MAC,$LAB_PRINTER
CONF
systemctl enable --now dnsmasq
