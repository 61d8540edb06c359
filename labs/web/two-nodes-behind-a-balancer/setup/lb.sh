#!/bin/bash
# lb: the balancer to be, with the releases to be deployed and the key to the nodes.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_LB/$LAB_FRONT_PREFIXLEN

auto eth1
iface eth1 inet static
    address $LAB_LB_BACK/$LAB_BACK_PREFIXLEN
CONF
ifup eth0 eth1
printf '%s\n' "$LAB_LB tickets.example" "$LAB_APP1 app1" "$LAB_APP2 app2" "$LAB_DB db" >>/etc/hosts

for release in "$LAB_RELEASE" "$LAB_NEXT"; do
    install -d "/srv/releases/$release"
    install -m 0644 "$LAB_FILES/app.py" "/srv/releases/$release/app.py"
    echo "$release" >"/srv/releases/$release/VERSION"
done

install -d -m 0700 /root/.ssh
(umask 077 && python3 "$LAB_FILES/ssh_key.py" "$LAB_SEED" private >/root/.ssh/id_ed25519)
printf 'Host app1 app2\n    StrictHostKeyChecking accept-new\n' >/root/.ssh/config
