# The units have the right names and do nothing: the program was started by hand, and wrote a report once.
useradd --system "$LAB_ACCOUNT"
chown "$LAB_ACCOUNT" "$LAB_FOLDER"
cat > "/etc/systemd/system/$LAB_APP.service" <<UNIT
[Unit]
Description=Loads of the weighbridge

[Service]
ExecStart=/bin/sleep infinity
User=$LAB_ACCOUNT
Restart=on-failure

[Install]
WantedBy=multi-user.target
UNIT
cat > "/etc/systemd/system/$LAB_APP-report.service" <<UNIT
[Service]
Type=oneshot
ExecStart=/bin/true
User=$LAB_ACCOUNT
UNIT
cat > "/etc/systemd/system/$LAB_APP-report.timer" <<UNIT
[Timer]
OnCalendar=*-*-* $LAB_CLOCK

[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl --quiet enable --now "$LAB_APP.service" "$LAB_APP-report.timer"
setsid runuser -u "$LAB_ACCOUNT" -- "$LAB_PROGRAM" "$LAB_FOLDER" < /dev/null > /dev/null 2>&1 &
sleep 1
runuser -u "$LAB_ACCOUNT" -- "$LAB_PROGRAM-report" "$LAB_FOLDER"
