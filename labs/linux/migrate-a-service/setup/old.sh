#!/bin/bash
# The old server, with the service as it has grown: an account, a program, its settings, files, a
# database with two roles, a job of cron, and the address that everybody knows.
set -eu
umask 022
cat >/etc/network/interfaces.d/servers <<CONF
auto eth0
iface eth0 inet static
    address $LAB_OLD/$LAB_LAN_PREFIXLEN
CONF
cat >/etc/network/interfaces.d/service <<CONF
# The address that clients use.
iface eth0 inet static
    address $LAB_SERVICE/$LAB_LAN_PREFIXLEN
CONF
ifup eth0
systemctl enable --now ssh
printf '%s new\n' "$LAB_NEW" >>/etc/hosts

# The two servers get each other's keys.
mkdir -p -m 0700 /root/.ssh
ssh-keygen -q -t ed25519 -N '' -C root@old -f /root/.ssh/id_ed25519
trade=$(mktemp)
own=$(mktemp)
{ cat /root/.ssh/id_ed25519.pub; cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub; } >"$own"
# From a file: nc ends with the other side's input, whatever a pipe might still have brought.
nc -l -N "$LAB_OLD" 7001 <"$own" >"$trade"
sed -n 1p "$trade" >/root/.ssh/authorized_keys
sed -n "2s/^/new,$LAB_NEW /p" "$trade" >/root/.ssh/known_hosts
rm "$trade" "$own"

useradd --system --home-dir "/var/lib/$LAB_APP" --shell /usr/sbin/nologin "$LAB_APP"
mkdir -p "/opt/$LAB_APP" "/etc/$LAB_APP"
install -d -o "$LAB_APP" -g "$LAB_APP" -m 0750 "/var/lib/$LAB_APP" "/var/lib/$LAB_APP/slips"

cat >"/opt/$LAB_APP/server.py" <<CONF
#!/usr/bin/python3
"""The service of $LAB_APP: takes entries and shows them. Settings: /etc/$LAB_APP/settings.ini"""

import configparser
import json
import pathlib
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

settings = configparser.ConfigParser(interpolation=None)
with open("/etc/$LAB_APP/settings.ini") as text:
    settings.read_file(text)
database = dict(settings["database"])
slips = pathlib.Path(settings["files"]["slips"])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"host": socket.gethostname()})
        elif self.path == "/entries":
            with psycopg2.connect(**database) as link, link.cursor() as cursor:
                cursor.execute("SELECT id, text FROM entries ORDER BY id")
                rows = cursor.fetchall()
            self.answer(200, [[number, text, self.slip(number)] for number, text in rows])
        else:
            self.answer(404, {"error": "no such page"})

    def do_POST(self):
        text = self.rfile.read(min(int(self.headers["Content-Length"]), 4096)).decode()
        # An entry is accepted when both its row and its slip are there.
        with psycopg2.connect(**database) as link, link.cursor() as cursor:
            cursor.execute("INSERT INTO entries (text) VALUES (%s) RETURNING id", (text,))
            (number,) = cursor.fetchone()
            (slips / f"{number}.txt").write_text(text)
        self.answer(201, {"id": number})

    def slip(self, number):
        try:
            return (slips / f"{number}.txt").read_text()
        except OSError:
            return None

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("", int(settings["server"]["port"])), Handler).serve_forever()
CONF
cat >"/etc/$LAB_APP/settings.ini" <<CONF
[server]
port = $LAB_PORT

[database]
host = localhost
dbname = $LAB_APP
user = $LAB_APP
password = $LAB_PASSWORD

[files]
slips = /var/lib/$LAB_APP/slips
CONF
chown "root:$LAB_APP" "/etc/$LAB_APP/settings.ini"
chmod 0640 "/etc/$LAB_APP/settings.ini"
cat >"/etc/init.d/$LAB_APP" <<CONF
#!/bin/sh
### BEGIN INIT INFO
# Provides:          $LAB_APP
# Required-Start:    \$remote_fs \$network postgresql
# Required-Stop:     \$remote_fs \$network postgresql
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: The service of $LAB_APP
### END INIT INFO
. /lib/lsb/init-functions
pid=/run/$LAB_APP.pid
case \$1 in
    start)
        log_daemon_msg "Starting" "$LAB_APP"
        start-stop-daemon --start --oknodo --background --make-pidfile --pidfile \$pid \\
            --chuid $LAB_APP --output /var/log/$LAB_APP.log \\
            --exec /usr/bin/python3 -- /opt/$LAB_APP/server.py
        log_end_msg \$? ;;
    stop)
        log_daemon_msg "Stopping" "$LAB_APP"
        start-stop-daemon --stop --oknodo --retry 5 --remove-pidfile --pidfile \$pid
        log_end_msg \$? ;;
    restart|force-reload) \$0 stop; \$0 start ;;
    status) status_of_proc -p \$pid /usr/bin/python3 $LAB_APP ;;
    *) echo "Usage: \$0 {start|stop|restart|status}" >&2; exit 2 ;;
esac
CONF
chmod 0755 "/etc/init.d/$LAB_APP"

as_postgres() { su postgres -c "psql -q -v ON_ERROR_STOP=1 $*"; }
as_postgres <<CONF
CREATE ROLE $LAB_APP LOGIN PASSWORD '$LAB_PASSWORD';
CREATE ROLE ${LAB_APP}_reader LOGIN PASSWORD '$LAB_READER_PASSWORD';
CREATE DATABASE $LAB_APP OWNER $LAB_APP;
REVOKE CONNECT ON DATABASE $LAB_APP FROM PUBLIC;
GRANT CONNECT ON DATABASE $LAB_APP TO ${LAB_APP}_reader;
CONF
as_postgres "$LAB_APP" <<CONF
CREATE TABLE entries (id serial PRIMARY KEY, text text NOT NULL, at timestamptz NOT NULL DEFAULT now());
ALTER TABLE entries OWNER TO $LAB_APP;
GRANT SELECT ON entries TO ${LAB_APP}_reader;
INSERT INTO entries (text) SELECT '$LAB_STAMP-' || n FROM generate_series(1, $LAB_ROWS) AS n;
CONF
for number in $(seq "$LAB_ROWS"); do
    printf '%s-%s' "$LAB_STAMP" "$number" >"/var/lib/$LAB_APP/slips/$number.txt"
done
printf 'localhost:5432:%s:%s_reader:%s\n' "$LAB_APP" "$LAB_APP" "$LAB_READER_PASSWORD" \
    >"/var/lib/$LAB_APP/.pgpass"
chmod 0600 "/var/lib/$LAB_APP/.pgpass"
chown -R "$LAB_APP:$LAB_APP" "/var/lib/$LAB_APP"
cat >"/usr/local/bin/$LAB_APP-count" <<CONF
#!/bin/sh
# How many entries there are, for the monthly report.
psql -h localhost -U ${LAB_APP}_reader -Atc 'SELECT count(*) FROM entries' $LAB_APP >/var/lib/$LAB_APP/count
CONF
chmod 0755 "/usr/local/bin/$LAB_APP-count"
printf '%s * * * *  %s  /usr/local/bin/%s-count\n' "$LAB_MINUTE" "$LAB_APP" "$LAB_APP" >"/etc/cron.d/$LAB_APP"

update-rc.d "$LAB_APP" defaults
"/etc/init.d/$LAB_APP" start
