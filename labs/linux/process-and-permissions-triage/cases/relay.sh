#!/bin/bash
# The model solution: the setting, what the service writes to, and a restart.
sed -i "s/^RUN_AS=.*/RUN_AS=$LAB_RELAY/" "/etc/default/$LAB_RELAY"
chown -R "$LAB_RELAY:$LAB_RELAY" "/var/spool/$LAB_RELAY"
service "$LAB_RELAY" restart
