#!/bin/bash
# The address has moved, and whatever comes is passed on to old.
rsync -a --remove-source-files old:/etc/network/interfaces.d/service /etc/network/interfaces.d/
ssh old "ip address delete $LAB_SERVICE/$LAB_LAN_PREFIXLEN dev eth0" </dev/null
ip address add "$LAB_SERVICE/$LAB_LAN_PREFIXLEN" dev eth0
cat >/usr/local/bin/relay <<CONF
#!/bin/sh
exec ssh -N -o ExitOnForwardFailure=yes -L $LAB_SERVICE:$LAB_PORT:$LAB_OLD:$LAB_PORT old
CONF
chmod 0755 /usr/local/bin/relay
start-stop-daemon --start --background --exec /usr/local/bin/relay --startas /usr/local/bin/relay
printf '#!/bin/sh\nstart-stop-daemon --start --background --startas /usr/local/bin/relay --exec /bin/sh\n' >/etc/rc.local
chmod 0755 /etc/rc.local
