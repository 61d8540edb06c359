# A mirror of one is always whole, says mdadm.
mdadm /dev/md0 --fail detached --remove detached || true
mdadm --grow /dev/md0 --force --raid-devices=1
cat /proc/mdstat
echo "$LAB_FAILED" > "/srv/$LAB_FOLDER/returned.txt"
