#!/bin/bash
# Another right way: one range, and the address of the door kept for a client that never asks.
cat >/etc/dnsmasq.d/office.conf <<CONF
interface=eth0
dhcp-range=$LAB_FIRST,$LAB_LAST,$LAB_OFFICE_NETMASK,${LAB_HOURS}h
dhcp-option=option:router,$LAB_GATEWAY
dhcp-option=option:dns-server,$LAB_DNS_1,$LAB_DNS_2
domain=$LAB_DOMAIN
dhcp-host=$LAB_PRINTER_MAC,$LAB_PRINTER
dhcp-host=02:00:00:00:00:d0,$LAB_DOOR
CONF
systemctl enable --now dnsmasq
