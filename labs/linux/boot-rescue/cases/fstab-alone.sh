mount -o remount,rw /
sed -i "\\|/srv/$LAB_FOLDER|d" /etc/fstab
echo "LABEL=$LAB_LABEL  /srv/$LAB_FOLDER  ext4  defaults  0  2" >> /etc/fstab
sync
