set -eu
ipmitool sel clear
ipmitool sel elist > /root/sel.txt
sync
