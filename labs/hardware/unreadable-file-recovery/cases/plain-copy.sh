disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
# `cp` stops at the first place that it cannot read.
new=$(disk "$LAB_NEW")
mkfs.ext4 -q -m 0 "$new"
mkdir -p /mnt/new
mount "$new" /mnt/new
cp -a "$LAB_PLACE/." /mnt/new/ || true
umount /mnt/new "$LAB_PLACE"
sed -i "\\|$LAB_PLACE|d" /etc/fstab
echo "UUID=$(blkid -o value -s UUID "$new") $LAB_PLACE ext4 defaults 0 2" >> /etc/fstab
systemctl daemon-reload
mount "$LAB_PLACE"
