# The address is written down, but nothing brings the interface up any more, and it is off.
cat > /etc/network/interfaces <<CONF
auto lo
iface lo inet loopback

#auto eth0
iface eth0 inet static
    address $LAB_PC_ADDRESS/24
CONF
ip address flush dev eth0
ip link set eth0 down
