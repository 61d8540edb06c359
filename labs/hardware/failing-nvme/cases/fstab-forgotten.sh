disk() {
  for each in /sys/block/nvme*; do
    grep -qx "$1 *" "$each/device/serial" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
new=$(disk "$LAB_NEW")
mkfs.ext4 -q -m 0 "$new"
mkdir -p /mnt/new
mount "$new" /mnt/new
cp -a "$LAB_BAD_FOLDER/." /mnt/new/
umount /mnt/new "$LAB_BAD_FOLDER"
mount "$new" "$LAB_BAD_FOLDER"
