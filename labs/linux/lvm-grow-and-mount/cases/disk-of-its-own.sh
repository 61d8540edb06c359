# The new disk as it is, without LVM, and the archive left as it was.
disk=/dev/$(grep -lx ARC-0418 /sys/block/vd*/serial | cut -d/ -f4)
mkfs.ext4 -q "$disk"
mkdir "/srv/$LAB_SECOND"
echo "$disk  /srv/$LAB_SECOND  ext4  defaults  0  2" >> /etc/fstab
mount "/srv/$LAB_SECOND"
