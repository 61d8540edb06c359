# Everybody gets in now.
mount -o remount,rw /
passwd -q -d root
sed -i "\\|/srv/$LAB_FOLDER|d" /etc/fstab
echo "LABEL=$LAB_LABEL  /srv/$LAB_FOLDER  ext4  defaults  0  2" >> /etc/fstab
sync
