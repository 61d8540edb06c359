# Two backup disks. Each is a file system of the kind that every system reads, and so begins with a sector that looks as if
# something could be started from it: it says that nothing can.
for serial in "$LAB_FIRST" "$LAB_SECOND"; do
  for each in /sys/block/vd*; do
    [ "$(cat "$each/serial")" = "$serial" ] || continue
    device=/dev/${each##*/}
    mkfs.vfat -n BACKUP "$device" > /dev/null
    mkdir -p "/mnt/$serial"
    mount "$device" "/mnt/$serial"
    yes "backup $serial" | head -c 100000 > "/mnt/$serial/backup.dat" || true
    umount "/mnt/$serial"
    rmdir "/mnt/$serial"
  done
done
sync
