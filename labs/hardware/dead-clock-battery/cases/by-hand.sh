# What they do every morning: the right time, typed in (fetched here, once, to have it right).
systemctl unmask systemd-timesyncd
cp /etc/systemd/timesyncd.conf /root/as-it-was.conf
printf '[Time]\nNTP=%s\n' "$LAB_TIME_SERVER" > /etc/systemd/timesyncd.conf
systemctl start systemd-timesyncd
tries=60
until [ -e /run/systemd/timesync/synchronized ] || [ "$tries" = 0 ]; do sleep 1; tries=$((tries - 1)); done
systemctl disable --now systemd-timesyncd
cp /root/as-it-was.conf /etc/systemd/timesyncd.conf
hwclock --systohc --utc
