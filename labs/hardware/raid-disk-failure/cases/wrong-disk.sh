# The healthy disk was pulled: what is left cannot be read, so somebody makes a mirror anew.
disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
systemctl stop visits
umount -l "/srv/$LAB_FOLDER"
mdadm --stop /dev/md0 || true
mdadm --create /dev/md1 --run --quiet --level=1 --raid-devices=2 --metadata=1.2 "$(disk "$LAB_SPARE")" missing
mkfs.ext4 -q -L data /dev/md1
mount /dev/md1 "/srv/$LAB_FOLDER"
echo "$LAB_HEALTHY" > "/srv/$LAB_FOLDER/returned.txt"
