#!/bin/bash
# Another right way: ISC's server.
cat >/etc/dhcp/dhcpd.conf <<CONF
authoritative;
default-lease-time $LAB_SECONDS;
max-lease-time $LAB_SECONDS;
option domain-name "$LAB_DOMAIN";
option domain-name-servers $LAB_DNS_1, $LAB_DNS_2;
subnet $LAB_OFFICE_NETWORK netmask $LAB_OFFICE_NETMASK {
    range $LAB_FIRST $LAB_BEFORE_DOOR;
    range $LAB_AFTER_DOOR $LAB_LAST;
    option routers $LAB_GATEWAY;
}
host label-printer {
    hardware ethernet $LAB_PRINTER_MAC;
    fixed-address $LAB_PRINTER;
}
CONF
sed -i 's/^INTERFACESv4=.*/INTERFACESv4="eth0"/' /etc/default/isc-dhcp-server
systemctl enable --now isc-dhcp-server
