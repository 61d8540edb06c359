#!/bin/bash
# The fields mixed up: a star where the hour belongs.
echo "$LAB_MINUTE * * * *  root  $LAB_PROGRAM" >"/etc/cron.d/backup-$LAB_NAME"
