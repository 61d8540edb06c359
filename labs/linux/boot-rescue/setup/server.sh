# An archive on a disk of its own, a line in /etc/fstab that stops the start, and a password nobody knows.
for each in /sys/block/vd*; do
  [ "$(cat "$each/serial")" = ARCH-2207 ] && device=/dev/${each##*/}
done
mkfs.ext4 -q -m 0 -L "$LAB_LABEL" "$device"
mkdir "/srv/$LAB_FOLDER"
mount "$device" "/srv/$LAB_FOLDER"
for number in 1 2 3; do
  yes "$LAB_KEY $number" | head -c 262144 > "/srv/$LAB_FOLDER/scan-$number.tif" || true
done
umount "/srv/$LAB_FOLDER"
case $LAB_FAULT in
  option) line="LABEL=$LAB_LABEL  /srv/$LAB_FOLDER  ext4  defualts  0  2" ;;
  type) line="LABEL=$LAB_LABEL  /srv/$LAB_FOLDER  xfs  defaults  0  0" ;;
  label) line="LABEL=${LAB_LABEL}s  /srv/$LAB_FOLDER  ext4  x-systemd.device-timeout=10s  0  2" ;;
esac
echo "$line" >> /etc/fstab
# The console asks who is there, as it does on any server; nobody knows what to answer.
rm -f /etc/systemd/system/serial-getty@ttyS0.service.d/login.conf
echo "root:$(head -c 30 /dev/urandom | base64)" | chpasswd
systemctl daemon-reload
sync
