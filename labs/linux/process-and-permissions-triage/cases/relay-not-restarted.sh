#!/bin/bash
# The setting is right; what runs is what was started before.
sed -i "s/^RUN_AS=.*/RUN_AS=$LAB_RELAY/" "/etc/default/$LAB_RELAY"
chown -R "$LAB_RELAY:$LAB_RELAY" "/var/spool/$LAB_RELAY"
