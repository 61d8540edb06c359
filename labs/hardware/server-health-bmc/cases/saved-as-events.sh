set -eu
# `sel save` writes what could be sent again: without numbers and times.
ipmitool sel save /root/sel.txt
ipmitool sel clear
sync
