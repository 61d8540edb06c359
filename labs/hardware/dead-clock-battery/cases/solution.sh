mkdir -p /etc/systemd/timesyncd.conf.d
printf '[Time]\nNTP=%s\n' "$LAB_TIME_SERVER" > /etc/systemd/timesyncd.conf.d/office.conf
systemctl unmask systemd-timesyncd
systemctl enable systemd-timesyncd
systemctl restart systemd-timesyncd
tries=60
until [ -e /run/systemd/timesync/synchronized ] || [ "$tries" = 0 ]; do sleep 1; tries=$((tries - 1)); done
hwclock --systohc --utc
