#!/bin/bash
# The server answers the guests too.
cat >/etc/dnsmasq.d/office.conf <<CONF
dhcp-range=$LAB_FIRST,$LAB_BEFORE_DOOR,$LAB_OFFICE_NETMASK,${LAB_HOURS}h
dhcp-range=$LAB_AFTER_DOOR,$LAB_LAST,$LAB_OFFICE_NETMASK,${LAB_HOURS}h
dhcp-range=${LAB_GUEST_SRV%.*}.100,${LAB_GUEST_SRV%.*}.150,1h
dhcp-option=option:router,$LAB_GATEWAY
dhcp-option=option:dns-server,$LAB_DNS_1,$LAB_DNS_2
domain=$LAB_DOMAIN
dhcp-host=$LAB_PRINTER_MAC,$LAB_PRINTER
CONF
systemctl enable --now dnsmasq
