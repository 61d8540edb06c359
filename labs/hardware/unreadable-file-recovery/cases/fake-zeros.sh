disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
# The damaged file has its size again, and nothing in it.
new=$(disk "$LAB_NEW")
mkfs.ext4 -q -m 0 "$new"
mkdir -p /mnt/new
mount "$new" /mnt/new
for each in "$LAB_PLACE"/*; do
  cp -a "$each" /mnt/new/ 2>/dev/null || head -c 262144 /dev/zero > "/mnt/new/${each##*/}"
done
umount /mnt/new "$LAB_PLACE"
sed -i "\\|$LAB_PLACE|d" /etc/fstab
echo "UUID=$(blkid -o value -s UUID "$new") $LAB_PLACE ext4 defaults 0 2" >> /etc/fstab
systemctl daemon-reload
mount "$LAB_PLACE"
