#!/bin/bash
# The operations desk: it has everybody's private key, for this exercise, and tries them.
set -eu
cat >/etc/network/interfaces.d/management <<CONF
auto eth0
iface eth0 inet static
    address $LAB_ADMIN/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
mkdir -p -m 0700 /root/.ssh
for name in $LAB_PEOPLE fetch root; do
    ssh-keygen -q -t ed25519 -N '' -C "$name" -f "/root/.ssh/$name"
done
for _ in $(seq 200); do
    cat /root/.ssh/*.pub | nc -N -w 5 "$LAB_SRV" 7001 >/root/server 2>/dev/null || true
    [ ! -s /root/server ] || break
    sleep 0.3
done
sed "s/^/$LAB_SRV /" /root/server >/root/.ssh/known_hosts
[ -s /root/.ssh/known_hosts ]
printf '#!/bin/sh\necho %s\n' "$LAB_PASSWORD" >/usr/local/bin/answer
chmod 0755 /usr/local/bin/answer
