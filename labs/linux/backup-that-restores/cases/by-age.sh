#!/bin/bash
# Days instead of archives: after a fortnight without a run nothing would be left.
sed -i "s|^ls -r .*|find $LAB_STORE -name '$LAB_NAME-*.tar.gz' -mtime +$LAB_KEEP -delete|" "$LAB_PROGRAM"
