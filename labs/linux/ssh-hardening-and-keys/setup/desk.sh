#!/bin/bash
# Another machine in the same network, that the ticket does not mention.
set -eu
cat >/etc/network/interfaces.d/management <<CONF
auto eth0
iface eth0 inet static
    address $LAB_DESK/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
printf '#!/bin/sh\necho %s\n' "$LAB_PASSWORD" >/usr/local/bin/answer
chmod 0755 /usr/local/bin/answer
