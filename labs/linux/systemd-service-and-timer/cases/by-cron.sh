# The service is right; the report is a job of cron, as it was always done.
useradd --system "$LAB_ACCOUNT"
chown "$LAB_ACCOUNT" "$LAB_FOLDER"
cat > "/etc/systemd/system/$LAB_APP.service" <<UNIT
[Unit]
Description=Loads of the weighbridge

[Service]
ExecStart=$LAB_PROGRAM $LAB_FOLDER
User=$LAB_ACCOUNT
Restart=on-failure

[Install]
WantedBy=multi-user.target
UNIT
echo "${LAB_CLOCK#*:} ${LAB_CLOCK%:*} * * * $LAB_PROGRAM-report $LAB_FOLDER" | crontab -u "$LAB_ACCOUNT" -
systemctl daemon-reload
systemctl --quiet enable --now "$LAB_APP.service"
