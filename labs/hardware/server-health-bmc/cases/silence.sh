set -eu
ipmitool sel elist > /root/sel.txt
ipmitool sensor thresh "Inlet Temp" ucr 90
ipmitool sensor thresh "Inlet Temp" unc 80
ipmitool sensor thresh "$LAB_BAD_FAN" lcr 0
ipmitool sensor thresh "$LAB_BAD_FAN" lnc 60
ipmitool sel clear
sync
