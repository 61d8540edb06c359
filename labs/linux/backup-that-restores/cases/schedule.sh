#!/bin/bash
# The model solution: a table whose name, mode and lines cron accepts, and cron at boot.
# unchecked: cron passes over this one; left behind it would mislead people only.
rm -f "/etc/cron.d/backup.$LAB_NAME"
echo "$LAB_MINUTE $LAB_HOUR * * *  root  $LAB_PROGRAM" >"/etc/cron.d/backup-$LAB_NAME"
chmod 0644 "/etc/cron.d/backup-$LAB_NAME"
update-rc.d cron enable
