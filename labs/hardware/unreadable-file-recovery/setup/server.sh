disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  echo "no disk has the serial number $1" >&2
  exit 1
}
device=$(disk "$LAB_OLD")
mkfs.ext4 -q -m 0 -b 4096 -O ^has_journal "$device"
mkdir "$LAB_PLACE"
echo "UUID=$(blkid -o value -s UUID "$device")  $LAB_PLACE  ext4  defaults,nofail  0  2" >> /etc/fstab
systemctl daemon-reload
mount "$LAB_PLACE"
for number in 1 2 3 4 5; do
  yes "$LAB_KEY $number" | head -c 262144 > "$LAB_PLACE/book-$number.db" || true
done
sync
