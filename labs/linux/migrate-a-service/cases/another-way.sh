#!/bin/bash
# Another right way: archives, and the whole cluster as files while both databases stand still.
adduser --quiet --system --group --no-create-home --home "/var/lib/$LAB_APP" "$LAB_APP"
service postgresql stop
ssh old "service $LAB_APP stop; service postgresql stop; update-rc.d $LAB_APP disable" >/dev/null </dev/null
ssh old "tar -C / -cf - opt/$LAB_APP etc/$LAB_APP etc/init.d/$LAB_APP etc/cron.d/$LAB_APP \
    usr/local/bin/$LAB_APP-count var/lib/$LAB_APP" </dev/null | tar -C / -xpf -
rm -rf /var/lib/postgresql/15/main
ssh old 'tar -C /var/lib/postgresql/15 -cf - main' </dev/null | tar -C /var/lib/postgresql/15 -xpf -
ssh old "service postgresql start; mv /etc/cron.d/$LAB_APP /root/; rm /etc/network/interfaces.d/service; \
    ip address delete $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0" >/dev/null </dev/null
sed -i "/address/a\\    up ip address add $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0" /etc/network/interfaces.d/servers
ip address add "$LAB_SERVICE/$LAB_LAN_PREFIXLEN" dev eth0
service postgresql start
update-rc.d "$LAB_APP" defaults
service "$LAB_APP" start
