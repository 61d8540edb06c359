disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  exit 1
}
# Blocks larger than what cannot be read: each error loses all of the block that it is in.
umount "$LAB_PLACE"
dd if="$(disk "$LAB_OLD")" of="$(disk "$LAB_NEW")" bs=16K iflag=direct conv=noerror,sync status=none || true
sync
