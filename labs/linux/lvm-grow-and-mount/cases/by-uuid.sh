# A partition on the new disk, the file system grown by itself, and fstab by UUID and label.
disk=/dev/$(grep -lx ARC-0418 /sys/block/vd*/serial | cut -d/ -f4)
echo 'type=8e' | sfdisk -q "$disk"
udevadm settle
pvcreate -q -y "${disk}1"
vgextend -q "$LAB_GROUP" "${disk}1"
lvcreate -q -y -n "$LAB_SECOND" -L "${LAB_MORE}M" "$LAB_GROUP"
lvextend -q -l +100%FREE "$LAB_GROUP/$LAB_VOLUME"
resize2fs "/dev/$LAB_GROUP/$LAB_VOLUME"
mkfs.ext4 -q -L incoming "/dev/$LAB_GROUP/$LAB_SECOND"
mkdir "/srv/$LAB_SECOND"
sed -i "s#^/dev/$LAB_GROUP/$LAB_VOLUME#UUID=$(blkid -s UUID -o value "/dev/$LAB_GROUP/$LAB_VOLUME")#" /etc/fstab
echo "LABEL=incoming  /srv/$LAB_SECOND  ext4  defaults  0  2" >> /etc/fstab
mount -a
