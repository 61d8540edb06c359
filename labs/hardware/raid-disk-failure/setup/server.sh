# A mirror on two disks, with files in it, and somebody who writes to it all the time.
disk() {
  for each in /sys/block/sd*; do
    tail -c +5 "$each/device/vpd_pg80" | grep -q "$1" && { echo "/dev/${each##*/}"; return; }
  done
  echo "no disk has the serial number $1" >&2
  exit 1
}
folder=/srv/$LAB_FOLDER
first=$(disk "$LAB_DISK_A")
second=$(disk "$LAB_DISK_B")
mdadm --create /dev/md0 --run --quiet --level=1 --raid-devices=2 --metadata=1.2 --assume-clean "$first" "$second"
mkfs.ext4 -q -L data /dev/md0
mkdir "$folder"
mdadm --detail --scan >> /etc/mdadm/mdadm.conf
echo "LABEL=data  $folder  ext4  defaults,nofail  0  2" >> /etc/fstab
systemctl daemon-reload
mount "$folder"
for number in 1 2 3 4 5 6; do
  yes "$LAB_KEY $number" | head -c 262144 > "$folder/file-$number.dat" || true
done
# The practice's own program notes every few seconds that it is alive: work goes on meanwhile.
cat > /usr/local/sbin/visits <<VISITS
#!/bin/sh
while sleep 3; do
  mountpoint -q $folder && { date -Is >> $folder/visits.log; sync -f $folder; } 2>/dev/null
done
VISITS
chmod 0755 /usr/local/sbin/visits
cat > /etc/systemd/system/visits.service <<'UNIT'
[Unit]
Description=List of visits
After=local-fs.target

[Service]
ExecStart=/usr/local/sbin/visits

[Install]
WantedBy=multi-user.target
UNIT
systemctl enable --quiet --now visits
sync
