#!/bin/bash
# The account gets everything that has its name, its program among it.
sed -i "s/^RUN_AS=.*/RUN_AS=$LAB_RELAY/" "/etc/default/$LAB_RELAY"
chown -R "$LAB_RELAY:$LAB_RELAY" "/var/spool/$LAB_RELAY" "/usr/local/lib/$LAB_RELAY.py"
service "$LAB_RELAY" restart
