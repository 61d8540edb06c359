"""How the server is kept running: units for systemd, and a script where there is none."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

SERVICE, BACKUP_SERVICE, BACKUP_TIMER = (
    "labctl.service",
    "labctl-backup.service",
    "labctl-backup.timer",
)
ENVIRONMENT = "environment"
HANDED_ON = ("LABCTL_DATABASE_URL", "LABCTL_LIBRARY", "LABCTL_POLICY")
"""What the server needs to know of the environment that it was set up in."""

STOP_SECONDS = 60
"""The server ends in order within this time; see docs/cli.md."""

_SERVICE = """\
[Unit]
Description=labctl: keeps the time of assessments, and serves their commands
After=docker.service libvirtd.service postgresql.service
Wants=docker.service
# A database that comes late, or a network that does, is waited for however long it takes.
StartLimitIntervalSec=0

[Service]
Type=exec
Environment={home}
EnvironmentFile=-{environment}
ExecStart={command} serve
Restart=always
RestartSec=2
TimeoutStopSec={stop}
# Only the server itself: what it has started for sessions goes on without it.
KillMode=process
# Hosts go before the process that keeps everybody's time.
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
"""

_BACKUP_SERVICE = """\
[Unit]
Description=labctl: a backup of the record
After=postgresql.service

[Service]
Type=oneshot
Environment={home}
EnvironmentFile=-{environment}
ExecStart={command} backup {folder}
# Only after a backup that was made, so that the last ones stay.
ExecStartPost=/usr/bin/find {folder} -name "labctl-*.tar.gz" -mtime +30 -delete
Nice=19
IOSchedulingClass=idle
"""

_BACKUP_TIMER = """\
[Unit]
Description=labctl: a backup of the record every night

[Timer]
OnCalendar=*-*-* 02:30
Persistent=true

[Install]
WantedBy=timers.target
"""

_SCRIPT = """\
#!/bin/sh
# The server of this centre where there is no systemd. At boot cron can start it:
#   @reboot {home}/server start
set -eu
LABCTL_HOME={home}
export LABCTL_HOME
{exports}mark=$LABCTL_HOME/server.pid
log=$LABCTL_HOME/server.log

# Field 22 of /proc/PID/stat, in clock ticks since boot (proc(5)): process ids are used again.
started_at() {{ sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }}

fail() {{ echo "$1" >&2; exit 1; }}

running() {{
  [ -r "$mark" ] && read -r pid when <"$mark" && [ -n "$when" ] &&
    [ "$(started_at "$pid")" = "$when" ]
}}

case "${{1:-}}" in
  start)
    if running; then echo "runs already: process $pid"; exit 0; fi
    setsid {command} serve >>"$log" 2>&1 </dev/null &
    pid=$!
    sleep 1
    when=$(started_at "$pid")
    if [ -z "$when" ]; then
      echo "it did not start; the end of $log:" >&2
      tail -n 5 "$log" >&2
      exit 1
    fi
    echo "$pid $when" >"$mark"
    echo "started: process $pid"
    ;;
  stop)
    if ! running; then echo "does not run"; exit 0; fi
    kill "$pid"
    seconds=0
    while running; do
      [ "$seconds" -lt {stop} ] || fail "process $pid has not ended in {stop} seconds"
      sleep 1
      seconds=$((seconds + 1))
    done
    rm -f "$mark"
    echo "stopped"
    ;;
  status)
    if running; then echo "runs: process $pid"; else echo "does not run"; exit 3; fi
    ;;
  *)
    echo "usage: $0 start|stop|status" >&2
    exit 2
    ;;
esac
"""


def units(home: Path, etc: Path, backups: Path, command: Sequence[str]) -> dict[str, str]:
    """Name → text of the units that keep the server of `home` running and backed up."""
    known = {
        "home": _unit_word(f"LABCTL_HOME={home}", variables=False),
        "environment": etc / "labctl" / ENVIRONMENT,
        "command": " ".join(_unit_word(word) for word in command),
        "folder": _unit_word(str(backups)),
        "stop": STOP_SECONDS,
    }
    return {
        SERVICE: _SERVICE.format(**known),
        BACKUP_SERVICE: _BACKUP_SERVICE.format(**known),
        BACKUP_TIMER: _BACKUP_TIMER,
    }


def _unit_word(word: str, *, variables: bool = True) -> str:
    """A word as systemd reads it back (systemd.service(5)); `Environment=` has no variables."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if variables:
        plain = plain.replace("$", "$$")
    return f'"{plain}"' if plain != word or set(word) & set(" \t';") else word


def environment(environ: Mapping[str, str]) -> str:
    """The text of the file that hands settings on to the units."""
    lines = ["# Read by labctl's units. It may hold a password: for root alone."]
    for name in HANDED_ON:
        value = environ.get(name)
        lines.append(f'{name}="{value}"' if value else f"#{name}=")
    return "\n".join(lines) + "\n"


def script(home: Path, command: Sequence[str], environ: Mapping[str, str]) -> str:
    """The text of the script that starts and stops the server by hand."""
    given = [name for name in HANDED_ON if environ.get(name)]
    exports = "".join(f"{name}={shlex.quote(environ[name])}\nexport {name}\n" for name in given)
    return _SCRIPT.format(
        home=shlex.quote(str(home)),
        command=shlex.join(command),
        exports=exports,
        stop=STOP_SECONDS,
    )
