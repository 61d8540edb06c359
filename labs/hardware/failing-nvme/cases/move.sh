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
old=$(findmnt -no UUID "$LAB_BAD_FOLDER")
umount /mnt/new
umount "$LAB_BAD_FOLDER"
sed -i "s/UUID=$old/UUID=$(blkid -o value -s UUID "$new")/" /etc/fstab
systemctl daemon-reload
mount "$LAB_BAD_FOLDER"
