#!/bin/bash
# The service is stopped and its files are deleted by hand.
service "$LAB_OLD" stop
update-rc.d "$LAB_OLD" disable
rm "/usr/bin/$LAB_OLD" "/etc/$LAB_OLD.conf"
