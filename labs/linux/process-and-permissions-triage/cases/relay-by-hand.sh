#!/bin/bash
# A fake: right to look at, until the machine starts again.
chown -R "$LAB_RELAY:$LAB_RELAY" "/var/spool/$LAB_RELAY"
service "$LAB_RELAY" stop
RUN_AS=$LAB_RELAY
start-stop-daemon --start --background --make-pidfile --pidfile "/run/$LAB_RELAY.pid" --chuid "$RUN_AS" \
    --exec /usr/bin/python3 -- "/usr/local/lib/$LAB_RELAY.py" "$LAB_RELAY_PORT"
for _ in $(seq 50); do
    curl -fs -o /dev/null "http://localhost:$LAB_RELAY_PORT/" && break
    sleep 0.2
done
