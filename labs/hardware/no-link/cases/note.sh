echo "The cable was loose." > "/root/ticket-$LAB_TICKET.txt"
