"""What on the server itself will get in the way of an exam, though nothing is wrong today.

It is only looked at: what is to be stopped or restarted is for whoever keeps the server to decide.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from labctl.providers.base import Finding
from labctl.store import Event, moment

UPGRADERS = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dnf-automatic.timer",
    "dnf-automatic-install.timer",
    "packagekit-offline-update.service",
)
"""What may install packages, and so restart Docker, in the middle of an exam."""

BACKUP_DAYS = 7
"""Days after which a backup is too old: what a centre may lose of its marking."""

ROOT = Path("/")
LISTED = 3

Run = Callable[[Sequence[str]], str]
"""Runs a program and gives what it printed, nothing where it is missing."""


def run(command: Sequence[str]) -> str:
    """What a program prints, whatever its exit code; nothing where it is missing or too slow."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def upgrades(root: Path = ROOT, run: Run = run) -> Finding:
    """Whether the system upgrades itself at a time of its own choosing."""
    title = "Automatic upgrades"
    if (root / "run/systemd/system").is_dir():
        states = run(("systemctl", "is-active", *UPGRADERS)).split()
        active = [name for name, state in zip(UPGRADERS, states, strict=False) if state == "active"]
        if active:
            names = " ".join(active)
            told = f"may come in the middle of an exam, and restart Docker: {names}"
            cure = (
                f"Before a sitting `systemctl stop {names}`, after it `systemctl start` the same."
            )
            return Finding("warning", title, told, cure)
    elif (root / "etc/cron.daily/apt-compat").exists() and _unattended(run):
        told = "cron may install packages in the middle of an exam, and restart Docker"
        cure = "Before a sitting `chmod -x /etc/cron.daily/apt-compat`, after it `chmod +x`."
        return Finding("warning", title, told, cure)
    return Finding("ok", title, "nothing upgrades itself here")


def _unattended(run: Run) -> bool:
    """Whether apt is set to install upgrades by itself (apt.conf(5), APT::Periodic)."""
    name = "APT::Periodic::Unattended-Upgrade"
    for line in run(("apt-config", "dump", name)).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return value.strip(' ";') not in ("", "0")
    return False


def restart(root: Path = ROOT, release: str | None = None) -> Finding:
    """Whether the system waits for a restart; `release` is the kernel's that runs."""
    title = "Restart"
    told = ""
    if (root / "run/reboot-required").exists():
        try:
            names = sorted(set((root / "run/reboot-required.pkgs").read_text().split()))
        except (OSError, UnicodeDecodeError):
            names = []
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        why = f" ({', '.join(names[:LISTED])}{more} upgraded)" if names else ""
        told = f"the system waits for one{why}"
    else:
        kernel = release or os.uname().release
        modules = root / "lib/modules"
        if modules.is_dir() and any(modules.iterdir()) and not (modules / kernel).is_dir():
            told = f"the kernel that runs ({kernel}) was removed: it can load no modules any more"
    if told:
        cure = "`reboot` before the sitting, then `labctl doctor` again."
        return Finding("warning", title, told, cure)
    return Finding("ok", title, "none is due")


def backup(made: Event | None, now: datetime, *, worth_one: bool) -> Finding:
    """Whether the last backup is recent; `worth_one` is whether there is anything to lose."""
    cure = "`labctl backup DIR`, where DIR is not on this server's disk."
    if made is None:
        if not worth_one:
            return Finding("ok", "Backup", "nothing is on record yet")
        return Finding("warning", "Backup", "none was ever made", cure)
    days = (now - moment(made.at)).days
    told = f"{made.data.get('file')}, {_ago(days)}"
    if days > BACKUP_DAYS:
        return Finding("warning", "Backup", told, cure)
    return Finding("ok", "Backup", told)


def _ago(days: int) -> str:
    if days < 1:
        return "today" if days == 0 else "made later than now: the clock was set"
    return "a day ago" if days == 1 else f"{days} days ago"
