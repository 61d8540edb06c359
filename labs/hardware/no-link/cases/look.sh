# At the machine's own screen, as somebody types it there.
ip link set eth0 up
sleep 1
{ echo "root@pc:~# ethtool eth0"; ethtool eth0; } > /dev/ttyS0
ip link set eth0 down
