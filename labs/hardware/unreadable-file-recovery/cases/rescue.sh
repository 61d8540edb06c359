disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
umount "$LAB_PLACE"
ddrescue -q -f -d -b 512 "$(disk "$LAB_OLD")" "$(disk "$LAB_NEW")" /root/map
sync
