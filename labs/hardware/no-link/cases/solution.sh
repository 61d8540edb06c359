sed -i 's/^#auto eth0/auto eth0/' /etc/network/interfaces
ifup eth0
cat > "/root/ticket-$LAB_TICKET.txt" <<'NOTE'
The cable was loose after the move, and eth0 was no longer started at boot. The cable was pushed home and eth0
entered in /etc/network/interfaces again. To see that it works: ping the server.
NOTE
