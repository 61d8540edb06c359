#!/bin/bash
# Another right way back: the rows one by one, and only what old does not have.
cat >/root/rollback <<CONF
#!/bin/sh -e
ssh new 'service $LAB_APP stop; update-rc.d $LAB_APP disable; rm /etc/cron.d/$LAB_APP; ip addr del $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0' </dev/null >/dev/null
last=\$(su postgres -c "psql -Atc 'SELECT coalesce(max(id), 0) FROM entries' $LAB_APP")
ssh new "su postgres -c \"psql -c 'COPY (SELECT * FROM entries WHERE id > \$last) TO STDOUT' $LAB_APP\"" </dev/null >/tmp/rows
su postgres -c "psql -q -c 'COPY entries FROM STDIN' $LAB_APP" </tmp/rows
su postgres -c "psql -q -c \"SELECT setval('entries_id_seq', max(id)) FROM entries\" $LAB_APP" >/dev/null
ssh new 'tar -C /var/lib/$LAB_APP -cf - slips' </dev/null | tar -C /var/lib/$LAB_APP -xf -
mv /root/$LAB_APP /etc/cron.d/$LAB_APP
ip addr add $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0
service $LAB_APP start >/dev/null
CONF
chmod 0755 /root/rollback
