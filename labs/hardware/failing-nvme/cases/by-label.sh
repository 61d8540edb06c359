disk() {
  for each in /sys/block/nvme*; do
    grep -qx "$1 *" "$each/device/serial" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
new=$(disk "$LAB_NEW")
printf 'label: gpt\n,,L\n' | sfdisk -q "$new"
udevadm settle
mkfs.ext4 -q -m 0 -L replaced "${new}p1"
mkdir -p /mnt/new
mount "${new}p1" /mnt/new
tar -C "$LAB_BAD_FOLDER" -cf - . | tar -C /mnt/new -xpf - --same-owner
umount /mnt/new "$LAB_BAD_FOLDER"
sed -i "\\|$LAB_BAD_FOLDER|d" /etc/fstab
echo "LABEL=replaced $LAB_BAD_FOLDER ext4 defaults 0 2" >> /etc/fstab
systemctl daemon-reload
mount "$LAB_BAD_FOLDER"
