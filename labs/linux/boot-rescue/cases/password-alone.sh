mount -o remount,rw /
echo "root:$LAB_PASSWORD" | chpasswd
sync
