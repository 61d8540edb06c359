#!/bin/bash
# The model solution: the move again, the other way round.
cat >/root/rollback <<CONF
#!/bin/bash
# Takes $LAB_APP back from new, with all that was written there.
set -euo pipefail
ssh new "service $LAB_APP stop && systemctl disable $LAB_APP" </dev/null
ssh new "su postgres -c 'pg_dump --clean --if-exists $LAB_APP'" </dev/null \
    | su postgres -c 'psql -q -v ON_ERROR_STOP=1 --single-transaction $LAB_APP' >/dev/null
rsync -a --delete new:/var/lib/$LAB_APP /var/lib/
rsync -a --remove-source-files new:/etc/cron.d/$LAB_APP /etc/cron.d/
# unchecked: nobody restarts a server after the rollback.
rsync -a --remove-source-files new:/etc/network/interfaces.d/service /etc/network/interfaces.d/
ssh new 'ip address delete $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0' </dev/null
ip address add $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0
systemctl enable --now $LAB_APP
CONF
chmod 0700 /root/rollback
