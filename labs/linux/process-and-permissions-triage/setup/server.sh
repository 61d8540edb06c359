#!/bin/bash
# The server as the ticket finds it: a pilot that runs wild, a service that is down, one that runs as
# root, and two files with the set-user-ID bit.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_SERVER/$LAB_LAN_PREFIXLEN
CONF
ifup eth0

# program NAME FOLDER TEXT: a service that takes what is posted and keeps it.
program() {
    adduser --quiet --system --group --no-create-home --home "$2" --shell /usr/sbin/nologin "$1"
    cat >"/usr/local/lib/$1.py" <<PY
#!/usr/bin/python3
"""Takes what is posted to it by HTTP. Usage: $1.py PORT"""

import os
import re
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

NAME = "$1"
FOLDER = "$2"
$3


class Desk(BaseHTTPRequestHandler):
    def do_POST(self):
        wanted = re.fullmatch(r"/([A-Za-z0-9-]{1,40})", self.path)
        if not wanted:
            return self.answer(404, "no such thing")
        try:
            store(wanted[1])
        except OSError as problem:
            print(f"{NAME}: {problem}", file=sys.stderr, flush=True)
            return self.answer(500, "cannot store it")
        self.answer(201, "stored")

    def do_GET(self):
        self.answer(200, f"{NAME} is ready")

    def answer(self, status, text):
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


HTTPServer(("", int(sys.argv[1])), Desk).serve_forever()
PY
    cat >"/etc/init.d/$1" <<CONF
#!/bin/sh
### BEGIN INIT INFO
# Provides:          $1
# Required-Start:    \$local_fs \$network
# Required-Stop:     \$local_fs \$network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Takes what is posted to it
### END INIT INFO
. /lib/lsb/init-functions
RUN_AS=$1
PORT=
[ -r /etc/default/$1 ] && . /etc/default/$1
DAEMON=/usr/bin/python3
PIDFILE=/run/$1.pid
start() {
	start-stop-daemon --start --quiet --oknodo --background --make-pidfile --pidfile "\$PIDFILE" \\
		--output /var/log/$1.log --chuid "\$RUN_AS" --exec "\$DAEMON" -- /usr/local/lib/$1.py "\$PORT"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		curl -fs -o /dev/null "http://localhost:\$PORT/" && return
		sleep 0.2
	done
	echo "$1 does not answer; see /var/log/$1.log" >&2
	return 1
}
stop() {
	start-stop-daemon --stop --quiet --oknodo --retry TERM/5/KILL/2 --pidfile "\$PIDFILE" --remove-pidfile
}
case "\$1" in
start) start ;;
stop) stop ;;
restart|force-reload) stop; start ;;
status) status_of_proc -p "\$PIDFILE" "\$DAEMON" $1 ;;
*) echo "Usage: \$0 {start|stop|restart|force-reload|status}" >&2; exit 3 ;;
esac
CONF
    chmod 0755 "/etc/init.d/$1" "/usr/local/lib/$1.py"
}

# The service that is down: after a restore everything of it is root's.
program "$LAB_LEDGER" "/var/lib/$LAB_LEDGER" "
with open('/etc/$LAB_LEDGER.conf') as settings:
    PASSWORD = re.search(r'password=(\S+)', settings.read())[1]
ENTRIES = open(f'{FOLDER}/entries', 'a', buffering=1)


def store(name):
    ENTRIES.write(name + '\n')
"
printf '%s\n' "PORT=$LAB_LEDGER_PORT" >"/etc/default/$LAB_LEDGER"
printf '%s\n' '# Where the yearly figures are sent to.' "password=$LAB_PASSWORD" >"/etc/$LAB_LEDGER.conf"
chmod 0600 "/etc/$LAB_LEDGER.conf"
install -d -m 0700 "/var/lib/$LAB_LEDGER"
echo "opening balance $LAB_PASSWORD" >"/var/lib/$LAB_LEDGER/entries"
chmod 0600 "/var/lib/$LAB_LEDGER/entries"
update-rc.d "$LAB_LEDGER" defaults
service "$LAB_LEDGER" start >/dev/null 2>&1 || true

# The service that runs as root, and has made what it writes to.
program "$LAB_RELAY" "/var/spool/$LAB_RELAY" "

def store(name):
    with open(f'{FOLDER}/index', 'a') as index:
        index.write(name + '\n')
    with open(f'{FOLDER}/{name}', 'w') as letter:
        letter.write(f'letter {name}\n')
"
printf '%s\n' "PORT=$LAB_RELAY_PORT" "RUN_AS=root" >"/etc/default/$LAB_RELAY"
install -d -m 0755 "/var/spool/$LAB_RELAY"
update-rc.d "$LAB_RELAY" defaults
service "$LAB_RELAY" start
curl -fs -o /dev/null -X POST "http://localhost:$LAB_RELAY_PORT/first-letter"

# The pilot: busy much of the time, and never asks what became of its children. init starts it anew.
mkdir "/opt/$LAB_PILOT"
cat >"/opt/$LAB_PILOT/$LAB_PILOT.py" <<'PY'
#!/usr/bin/python3
"""Polls sensors that are no longer there."""

import os
import time

polls = 0
while True:
    if polls < 60 and os.fork() == 0:
        os._exit(1)
    polls += 1
    end = time.monotonic() + (0.06 if polls > 40 else 0)
    while time.monotonic() < end:
        pass
    time.sleep(0.2 if polls > 40 else 0)
PY
cat >>/etc/inittab <<CONF

# $LAB_PILOT: keep polling
p1:2345:respawn:/usr/bin/python3 /opt/$LAB_PILOT/$LAB_PILOT.py
CONF
telinit q

# Two ways to root.
chmod 4755 "$LAB_PROGRAM"
mkdir -p "/usr/share/$LAB_DEN"
cp /bin/dash "$LAB_SHELL"
chmod 4755 "$LAB_SHELL"
