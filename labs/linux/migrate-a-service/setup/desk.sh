#!/bin/bash
# A desk of the office: all day long somebody makes an entry every few seconds, and writes down what
# the service said to it.
set -eu
cat >/etc/network/interfaces.d/office <<CONF
auto eth0
iface eth0 inet static
    address $LAB_DESK/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
# It asks again soon who has an address, as the office's newer machines do.
sysctl -qw net.ipv4.neigh.eth0.base_reachable_time_ms=3000 net.ipv4.neigh.eth0.delay_first_probe_time=1
mkdir -p /var/lib/desk
cat >/usr/local/bin/desk <<CONF
#!/bin/bash
# attempts: one line an attempt, "STATUS TEXT ID"; the status is 000 where there was no answer.
for number in \$(seq 100000); do
    text=$LAB_STAMP-desk-\$number
    said=\$(curl -s -m 2 -w ' %{http_code}' -H 'Content-Type: text/plain' --data-raw "\$text" \\
        http://$LAB_SERVICE:$LAB_PORT/entries)
    echo "\${said##* } \$text \$(printf '%s' "\${said% *}" | tr -cd 0-9)" >>/var/lib/desk/attempts
    sleep 3
done
CONF
chmod 0755 /usr/local/bin/desk
setsid nohup /usr/local/bin/desk >/dev/null 2>&1 </dev/null &
