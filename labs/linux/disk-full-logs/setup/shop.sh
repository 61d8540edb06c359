#!/bin/bash
# The server as the ticket finds it: the service runs, and its disk is full.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_SHOP/$LAB_LAN_PREFIXLEN
CONF
ifup eth0

# The service runs as root: without CAP_SYS_PTRACE, which no lab's machine has, root cannot see the open
# files of another account's processes.
chmod 0755 /srv/shop
install -d -m 0755 /srv/shop/data /srv/shop/reports /srv/shop/log

mkdir "/usr/local/lib/$LAB_SERVICE"
program=/usr/local/lib/$LAB_SERVICE/$LAB_SERVICE.py
cat >"$program" <<'PY'
#!/usr/bin/python3
"""Takes orders and makes reports over HTTP: POST /orders/NAME, POST /reports/NAME.

Opens its logs anew on SIGHUP. Usage: SERVICE.py PORT REPORT_SIZE
"""

import os
import re
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = os.path.basename(sys.argv[0]).removesuffix(".py")
PORT = int(sys.argv[1])
REPORT_SIZE = int(sys.argv[2])
FOLDER = "/srv/shop"


class Log:
    """A file that is added to; what does not fit on the disk is lost."""

    def __init__(self, name):
        self.path = f"{FOLDER}/log/{name}.log"
        self.file = None
        self.open()

    def open(self):
        old = self.file
        try:
            self.file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        except OSError as problem:
            self.file = None
            print(f"{NAME}: {problem}", file=sys.stderr)
        if old is not None:
            os.close(old)

    def write(self, text):
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {NAME}: {text}\n".encode()
        try:
            if self.file is not None:
                os.write(self.file, line)
        except OSError:
            pass


MAIN = Log(NAME)
DEBUG = Log("debug")


def reopen(_number, _frame):
    MAIN.open()
    DEBUG.open()


def store_order(name):
    with open(f"{FOLDER}/data/today.csv", "ab", buffering=0) as file:
        file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')},{name}\n".encode())


def make_report(name):
    line = f"{name} report of all orders, by customer and day\n".encode()
    path = f"{FOLDER}/reports/{name}.txt"
    try:
        with open(path, "wb", buffering=0) as file:
            left = REPORT_SIZE
            block = line * (1 + (1 << 16) // len(line))
            while left:
                left -= file.write(block[: min(left, len(block))])
    except OSError:
        os.unlink(path)
        raise


class Desk(BaseHTTPRequestHandler):
    def do_POST(self):
        wanted = re.fullmatch(r"/(orders|reports)/([A-Za-z0-9-]{1,40})", self.path)
        if not wanted:
            return self.answer(404, "no such thing")
        try:
            {"orders": store_order, "reports": make_report}[wanted[1]](wanted[2])
        except OSError as problem:
            DEBUG.write(f"{self.path}: {problem}")
            return self.answer(507 if problem.errno == 28 else 500, os.strerror(problem.errno))
        MAIN.write(f"{self.path} done")
        DEBUG.write(f"{self.path} done, asked for by {self.client_address[0]}")
        return self.answer(201, "done")

    def do_GET(self):
        self.answer(200, f"{NAME} is open for orders")

    def answer(self, status, text):
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def chatter():
    """What a debug log is full of."""
    while True:
        DEBUG.write("queue empty, nothing to do, looking again in a second " + "." * 200)
        time.sleep(1)


signal.signal(signal.SIGHUP, reopen)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
threading.Thread(target=chatter, daemon=True).start()
ThreadingHTTPServer(("", PORT), Desk).serve_forever()
PY
chmod 0755 "$program"

cat >"/etc/init.d/$LAB_SERVICE" <<CONF
#!/bin/sh
### BEGIN INIT INFO
# Provides:          $LAB_SERVICE
# Required-Start:    \$local_fs \$network
# Required-Stop:     \$local_fs \$network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Takes orders over HTTP
### END INIT INFO
. /lib/lsb/init-functions
NAME=$LAB_SERVICE
DAEMON=/usr/bin/python3
PIDFILE=/run/$LAB_SERVICE.pid
start() {
	start-stop-daemon --start --quiet --oknodo --background --make-pidfile --pidfile "\$PIDFILE" \\
		--exec "\$DAEMON" -- $program $LAB_PORT $LAB_REPORT_SIZE
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		curl -fs -o /dev/null http://localhost:$LAB_PORT/ && return
		sleep 0.2
	done
	return 1
}
stop() {
	start-stop-daemon --stop --quiet --oknodo --retry TERM/5/KILL/2 --pidfile "\$PIDFILE" --remove-pidfile
}
case "\$1" in
start) start ;;
stop) stop ;;
reload) start-stop-daemon --stop --signal HUP --quiet --pidfile "\$PIDFILE" ;;
restart|force-reload) stop; start ;;
status) status_of_proc -p "\$PIDFILE" "\$DAEMON" "\$NAME" ;;
*) echo "Usage: \$0 {start|stop|reload|restart|force-reload|status}" >&2; exit 3 ;;
esac
CONF
chmod 0755 "/etc/init.d/$LAB_SERVICE"

# The orders of the past months.
python3 - "$LAB_DATA_KEY" "$LAB_DATA_LINES" $LAB_MONTHS <<'PY'
import sys

key, lines, *months = sys.argv[1:]
for month in months:
    with open(f"/srv/shop/data/{month}.csv", "w") as file:
        for number in range(int(lines)):
            file.write(f"{month},{number:05d},{key},{(number * 7919 + int(month[-2:])) % 9973}\n")
PY

# A log of a night's traffic, deleted while the service has it open.
log=/srv/shop/log/$LAB_SERVICE.log
set +o pipefail
yes "2026-06-01 03:12:44 $LAB_SERVICE: /orders/night-batch done" | head -c 22000000 >"$log"
systemctl --quiet enable --now "$LAB_SERVICE"
for _ in $(seq 100); do
    [ -e /srv/shop/log/debug.log ] && break
    sleep 0.1
done
[ -e /srv/shop/log/debug.log ]
rm "$log"

# And the debug log takes what is left.
yes "2026-06-01 03:12:44 $LAB_SERVICE: queue empty, nothing to do, looking again in a second ......" \
    2>/dev/null | head -c 60000000 >>/srv/shop/log/debug.log 2>/dev/null || true
