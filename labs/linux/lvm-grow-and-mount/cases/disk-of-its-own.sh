# The new disk as it is, without LVM, and the archive left as it was.
mkfs.ext4 -q /dev/vdd
mkdir "/srv/$LAB_SECOND"
echo "/dev/vdd  /srv/$LAB_SECOND  ext4  defaults  0  2" >> /etc/fstab
mount "/srv/$LAB_SECOND"
