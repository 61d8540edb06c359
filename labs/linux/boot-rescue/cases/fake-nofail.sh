# The start does not stop any more, and nothing is mounted; the folder holds files of the right names.
mount -o remount,rw /
echo "root:$LAB_PASSWORD" | chpasswd
sed -i "\\|/srv/$LAB_FOLDER|d" /etc/fstab
echo "LABEL=$LAB_LABEL  /srv/$LAB_FOLDER  ext4  defaults,noauto,nofail  0  0" >> /etc/fstab
for number in 1 2 3; do head -c 262144 /dev/zero > "/srv/$LAB_FOLDER/scan-$number.tif"; done
sync
