disk() {
  for each in /sys/block/nvme*; do
    grep -qx "$1 *" "$each/device/serial" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
# The files are copied to the system's own disk, where the folder was; the new disk is only in its bay.
mkdir /var/takes
cp -a "$LAB_BAD_FOLDER/." /var/takes/
umount "$LAB_BAD_FOLDER"
sed -i "\\|$LAB_BAD_FOLDER|d" /etc/fstab
systemctl daemon-reload
cp -a /var/takes/. "$LAB_BAD_FOLDER/"
mkfs.ext4 -q "$(disk "$LAB_NEW")"
