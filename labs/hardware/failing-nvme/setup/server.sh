# Two disks with files of several owners.
disk() {
  for each in /sys/block/nvme*; do
    grep -qx "$1 *" "$each/device/serial" && { echo "/dev/${each##*/}"; return; }
  done
  echo "no disk has the serial number $1" >&2
  exit 1
}
useradd -M -u 3001 engineer
useradd -M -u 3002 producer
number=0
for serial in "$LAB_DISK_A" "$LAB_DISK_B"; do
  number=$((number + 1))
  folder=/srv/$LAB_FOLDER-$number
  device=$(disk "$serial")
  mkfs.ext4 -q -m 0 "$device"
  mkdir "$folder"
  echo "UUID=$(blkid -o value -s UUID "$device")  $folder  ext4  defaults,nofail  0  2" >> /etc/fstab
  systemctl daemon-reload
  mount "$folder"
  for each in 1 2 3 4; do
    yes "$LAB_KEY $folder $each" | head -c 262144 > "$folder/take-$each.wav" || true
  done
  chown engineer:engineer "$folder"/take-[12].wav
  chown producer:engineer "$folder"/take-[34].wav
  chmod 0640 "$folder"/take-[13].wav
  chmod 0600 "$folder"/take-[24].wav
done
sync
