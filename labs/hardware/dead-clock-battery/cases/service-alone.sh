# The service's own settings file; the kernel sets the clock on the main board while the service runs.
printf '[Time]\nNTP=%s\n' "$LAB_TIME_SERVER" > /etc/systemd/timesyncd.conf
systemctl unmask systemd-timesyncd
systemctl enable --now systemd-timesyncd
