#!/bin/bash
# Another right way: commands in /etc/rc.local, which init runs at the end of the boot.
cat >/etc/rc.local <<CONF
#!/bin/sh
ip address add $LAB_R2_LINK/$LAB_LINK_PREFIXLEN dev eth0
ip address add $LAB_R2_LAN_B/$LAB_LAN_B_PREFIXLEN dev eth1
ip link set eth0 up
ip link set eth1 up
ip route add $LAB_LAN_A via $LAB_R1_LINK
sysctl -w net.ipv4.ip_forward=1
CONF
chmod 755 /etc/rc.local
/etc/rc.local
