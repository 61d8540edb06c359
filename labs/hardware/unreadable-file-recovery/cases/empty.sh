disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
# The old disk is gone, and its files with it.
new=$(disk "$LAB_NEW")
umount -l "$LAB_PLACE"
mkfs.ext4 -q -m 0 "$new"
sed -i "\\|$LAB_PLACE|d" /etc/fstab
echo "UUID=$(blkid -o value -s UUID "$new") $LAB_PLACE ext4 defaults 0 2" >> /etc/fstab
systemctl daemon-reload
mount "$LAB_PLACE"
