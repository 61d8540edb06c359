# The note is there, and the machine is left as it was found.
echo "The backup disks $LAB_FIRST and $LAB_SECOND were checked." > "/root/ticket-$LAB_TICKET.txt"
sync
