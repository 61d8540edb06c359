disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
# The files one by one, the damaged one with a program that goes on after errors, in single sectors.
new=$(disk "$LAB_NEW")
mkfs.ext4 -q -m 0 "$new"
mkdir -p /mnt/new
mount "$new" /mnt/new
for each in "$LAB_PLACE"/*; do
  cp -a "$each" /mnt/new/ 2>/dev/null || dd if="$each" of="/mnt/new/${each##*/}" bs=4096 iflag=direct conv=noerror,sync status=none || true
done
umount /mnt/new "$LAB_PLACE"
sed -i "\\|$LAB_PLACE|d" /etc/fstab
echo "UUID=$(blkid -o value -s UUID "$new") $LAB_PLACE ext4 defaults 0 2" >> /etc/fstab
systemctl daemon-reload
mount "$LAB_PLACE"
