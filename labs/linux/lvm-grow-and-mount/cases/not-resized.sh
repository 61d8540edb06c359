disk=/dev/$(grep -lx ARC-0418 /sys/block/vd*/serial | cut -d/ -f4)
pvcreate -q -y "$disk"
vgextend -q "$LAB_GROUP" "$disk"
lvextend -q -L "${LAB_NEED}M" "$LAB_GROUP/$LAB_VOLUME"
lvcreate -q -y -n "$LAB_SECOND" -L "${LAB_MORE}M" "$LAB_GROUP"
mkfs.ext4 -q "/dev/$LAB_GROUP/$LAB_SECOND"
mkdir "/srv/$LAB_SECOND"
echo "/dev/$LAB_GROUP/$LAB_SECOND  /srv/$LAB_SECOND  ext4  defaults  0  2" >> /etc/fstab
mount "/srv/$LAB_SECOND"
