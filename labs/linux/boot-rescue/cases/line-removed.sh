mount -o remount,rw /
echo "root:$LAB_PASSWORD" | chpasswd
sed -i "\\|/srv/$LAB_FOLDER|d" /etc/fstab
sync
