# The failed member is taken out of the mirror before its disk is pulled.
cat /proc/mdstat
mdadm /dev/md0 --remove failed
