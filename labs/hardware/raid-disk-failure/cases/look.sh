# How somebody looks at it.
cat /proc/mdstat
lsblk -o NAME,SIZE,SERIAL
mdadm --detail /dev/md0 || true
