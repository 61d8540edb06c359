#!/bin/bash
# The folder is the account's, the index in it is still root's.
sed -i "s/^RUN_AS=.*/RUN_AS=$LAB_RELAY/" "/etc/default/$LAB_RELAY"
chown "$LAB_RELAY" "/var/spool/$LAB_RELAY"
service "$LAB_RELAY" restart
