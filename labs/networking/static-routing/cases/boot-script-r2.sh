#!/bin/bash
# Another right way: a script of one's own that init runs at boot.
cat >/etc/init.d/offices <<CONF
#!/bin/sh
### BEGIN INIT INFO
# Provides:          offices
# Required-Start:    \$network
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: Addresses and route of this router
### END INIT INFO
[ "\$1" = start ] || exit 0
ip address add $LAB_R2_LINK/$LAB_LINK_PREFIXLEN dev eth0
ip address add $LAB_R2_LAN_B/$LAB_LAN_B_PREFIXLEN dev eth1
ip link set eth0 up
ip link set eth1 up
ip route add $LAB_LAN_A via $LAB_R1_LINK
echo 1 >/proc/sys/net/ipv4/ip_forward
CONF
chmod 755 /etc/init.d/offices
update-rc.d offices defaults
/etc/init.d/offices start
