set -eu
# The supply is changed by now: what was out of order the log still tells, and the old one's numbers were written down.
ipmi-sel > /root/sel.txt
cat > /root/report.json <<REPORT
{
  "serial": "$LAB_BAD_SERIAL",
  "part_number": "$LAB_BAD_PART",
  "sensors": ["$LAB_BAD_PSU Status", "$LAB_BAD_FAN", "Inlet Temp"]
}
REPORT
ipmi-sel --clear
sync
