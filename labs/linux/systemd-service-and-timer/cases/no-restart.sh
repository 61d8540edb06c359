# The service runs, until it dies.
useradd --system "$LAB_ACCOUNT"
chown "$LAB_ACCOUNT" "$LAB_FOLDER"
cat > "/etc/systemd/system/$LAB_APP.service" <<UNIT
[Unit]
Description=Loads of the weighbridge

[Service]
ExecStart=$LAB_PROGRAM $LAB_FOLDER
User=$LAB_ACCOUNT

[Install]
WantedBy=multi-user.target
UNIT
cat > "/etc/systemd/system/$LAB_APP-report.service" <<UNIT
[Service]
Type=oneshot
ExecStart=$LAB_PROGRAM-report $LAB_FOLDER
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
