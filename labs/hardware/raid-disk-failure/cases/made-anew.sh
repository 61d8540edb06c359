# A new mirror on both disks, and the files gone with the old one.
disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
systemctl stop visits
umount "/srv/$LAB_FOLDER"
mdadm --stop /dev/md0
healthy=$(disk "$LAB_HEALTHY"); new=$(disk "$LAB_SPARE")
wipefs -q -a "$healthy" "$new"
mdadm --create /dev/md0 --run --quiet --level=1 --raid-devices=2 --metadata=1.2 --assume-clean "$healthy" "$new"
mkfs.ext4 -q -L data /dev/md0
sed -i '/^ARRAY/d' /etc/mdadm/mdadm.conf
mdadm --detail --scan >> /etc/mdadm/mdadm.conf
mount "/srv/$LAB_FOLDER"
for number in 1 2 3 4 5 6; do echo new > "/srv/$LAB_FOLDER/file-$number.dat"; done
echo "$LAB_FAILED" > "/srv/$LAB_FOLDER/returned.txt"
sync
