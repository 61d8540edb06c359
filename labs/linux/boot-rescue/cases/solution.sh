# As from the shell that the boot loader started: root's file system may still be read-only.
mount -o remount,rw /
echo "root:$LAB_PASSWORD" | chpasswd
sed -i "\\|/srv/$LAB_FOLDER|d" /etc/fstab
echo "LABEL=$LAB_LABEL  /srv/$LAB_FOLDER  ext4  defaults  0  2" >> /etc/fstab
sync
