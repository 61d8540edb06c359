cat > /etc/network/interfaces.d/office <<CONF
auto eth0
iface eth0 inet static
    address $LAB_TIME_SERVER/24
CONF
ifup eth0
service chrony restart
