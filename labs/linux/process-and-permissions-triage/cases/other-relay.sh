#!/bin/bash
# Another right way: without the setting the service takes its own account; a new index.
sed -i '/^RUN_AS=/d' "/etc/default/$LAB_RELAY"
service "$LAB_RELAY" stop
rm "/var/spool/$LAB_RELAY/index"
chgrp "$LAB_RELAY" "/var/spool/$LAB_RELAY"
chmod 2770 "/var/spool/$LAB_RELAY"
systemctl start "$LAB_RELAY"
