#!/bin/bash
# Another right way: the line is switched off, init told by its signal, and the program removed.
sed -i 's/^p1:2345:respawn:/p1:2345:off:/' /etc/inittab
kill -HUP 1
rm -r "/opt/${LAB_PILOT:?}"
for _ in $(seq 100); do
    pgrep -f "/opt/$LAB_PILOT/" >/dev/null || break
    sleep 0.1
done
