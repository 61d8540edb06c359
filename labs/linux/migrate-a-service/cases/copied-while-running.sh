#!/bin/bash
# Dumped while people work, and the service stopped when the copy had been looked at.
ssh old "su postgres -c 'pg_dump --create $LAB_APP'" | su postgres -c 'psql -q -v ON_ERROR_STOP=1' >/dev/null
rsync -a --delete "old:/var/lib/$LAB_APP" /var/lib/
sleep 9
ssh old "service $LAB_APP stop && systemctl disable $LAB_APP" </dev/null
rsync -a --remove-source-files "old:/etc/cron.d/$LAB_APP" /etc/cron.d/
rsync -a --remove-source-files old:/etc/network/interfaces.d/service /etc/network/interfaces.d/
ssh old "ip address delete $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0" </dev/null
ip address add "$LAB_SERVICE/$LAB_LAN_PREFIXLEN" dev eth0
systemctl enable --now "$LAB_APP"
