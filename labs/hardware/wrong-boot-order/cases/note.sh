echo "The firmware started from the backup disk $LAB_BLAMED. The system's disk is first in its list again." \
  > "/root/ticket-$LAB_TICKET.txt"
sync
