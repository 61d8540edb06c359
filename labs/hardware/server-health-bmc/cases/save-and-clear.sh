set -eu
ipmitool sel elist > /root/sel.txt
ipmitool sel clear
sync
