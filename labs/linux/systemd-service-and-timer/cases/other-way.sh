# Units elsewhere, a part of one in a drop-in, links by hand, and a timer that names the days.
useradd --system --user-group --shell /usr/sbin/nologin "$LAB_ACCOUNT"
units=/usr/local/lib/systemd/system
mkdir -p "$units" "/etc/systemd/system/$LAB_APP.service.d" /etc/systemd/system/timers.target.wants
cat > "$units/$LAB_APP.service" <<UNIT
[Service]
User=nobody
StateDirectory=$LAB_APP
ExecStart=/usr/bin/perl $LAB_PROGRAM \\
    $LAB_FOLDER
Restart=always
RestartSec=3
[Install]
WantedBy=default.target
UNIT
printf '[Service]\nUser=%s\n' "$LAB_ACCOUNT" > "/etc/systemd/system/$LAB_APP.service.d/account.conf"
cat > "$units/$LAB_APP-report.service" <<UNIT
[Service]
User=$LAB_ACCOUNT
ExecStart=$LAB_PROGRAM-report $LAB_FOLDER
UNIT
cat > "$units/$LAB_APP-report.timer" <<UNIT
[Timer]
OnCalendar=Mon..Fri $LAB_CLOCK:00
OnCalendar=Sat,Sun *-*-* $LAB_CLOCK
Persistent=true
AccuracySec=1s
UNIT
ln -s "$units/$LAB_APP-report.timer" /etc/systemd/system/timers.target.wants/
systemctl daemon-reload
systemctl --quiet enable --now "$LAB_APP"
systemctl start "$LAB_APP-report.timer"
