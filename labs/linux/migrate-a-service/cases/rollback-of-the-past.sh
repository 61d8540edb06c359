#!/bin/bash
# The rollback starts the old service with the data that it had.
cat >/root/rollback <<CONF
#!/bin/bash
set -euo pipefail
ssh new "service $LAB_APP stop && systemctl disable $LAB_APP" </dev/null
ssh new 'ip address delete $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0' </dev/null
ip address add $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0
systemctl enable --now $LAB_APP
CONF
chmod 0700 /root/rollback
