cat > /etc/network/interfaces.d/office <<CONF
auto eth0
iface eth0 inet static
    address $LAB_TILL/24
CONF
ifup eth0
sync
