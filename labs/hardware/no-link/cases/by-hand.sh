ip link set eth0 up
ip address add "$LAB_PC_ADDRESS/24" dev eth0
echo "The cable was loose, and eth0 was off." > "/root/ticket-$LAB_TICKET.txt"
