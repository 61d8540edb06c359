disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  echo "no disk has the serial number $1" >&2
  exit 1
}
# Nothing is left to remove where the kernel has let go of the pulled disk by itself.
mdadm /dev/md0 --fail detached --remove detached || true
mdadm /dev/md0 --add "$(disk "$LAB_SPARE")"
mdadm --wait /dev/md0 || true
echo "$LAB_FAILED" > "/srv/$LAB_FOLDER/returned.txt"
