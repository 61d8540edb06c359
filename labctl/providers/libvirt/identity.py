"""What makes a machine that booted from an image this session's host and nobody else."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Sequence

from labctl.errors import ProviderError
from labctl.plan import HostPlan
from labctl.providers.libvirt.guest import Guest, GuestUnreachable

POLL = 0.3
ASK_SECONDS = 20.0
GIVE_SECONDS = 120.0
"""How long a machine may take over what it is told to do: emulated, beside others."""
DISK_SECONDS = 20.0
"""How long a machine may take to find a disk that was put in."""
BOOTED = ("running", "degraded", "maintenance")
"""States of systemd in which a boot has come to its end, be it a good one (systemctl(1))."""

_REST = "sync; echo 3 > /proc/sys/vm/drop_caches"
_GIVE = """
set -eu
name=$1 user=$2 now=$3
shift 3
date -s "@$now" >/dev/null
rm -f /etc/machine-id /var/lib/dbus/machine-id
systemd-machine-id-setup >/dev/null 2>&1
rm -rf /var/log/journal/* /run/log/journal/*
systemctl restart systemd-journald
printf '%s\\n' "$name" > /etc/hostname
{
  printf '127.0.0.1\\tlocalhost\\n127.0.1.1\\t%s\\n\\n' "$name"
  printf '::1\\tlocalhost ip6-localhost ip6-loopback\\n'
} > /etc/hosts
: > /etc/resolv.conf
hostname "$name"
printf 'LOGIN=%s\\n' "$user" > /etc/default/serial-console
for each in "$@"; do
  case $each in
    *.*) sysctl -q -w "$each" ;;
    *) ip link set "${each%%=*}" address "${each#*=}" up ;;
  esac
done
systemctl --no-block restart serial-getty@ttyS0
"""
"""Its arguments: name, account, seconds since 1970, then INTERFACE=MAC and SYSCTL=VALUE."""


def stage(guest: Guest) -> str:
    """What systemd says of the machine: `starting`, `running`, `stopping` and the like."""
    argv = ["/usr/bin/systemctl", "is-system-running"]
    done = guest.run(argv, user="root", stdin=b"", cwd="/", timeout=ASK_SECONDS, limit=1000)
    return done.stdout.decode("utf-8", "replace").strip()


def await_boot(guest: Guest, seconds: float) -> None:
    """Return when the machine has booted; raises `ProviderError` past `seconds`."""
    deadline = time.monotonic() + seconds
    said = "nothing"
    while time.monotonic() < deadline:
        try:
            said = stage(guest)
        except (ProviderError, TimeoutError, GuestUnreachable) as error:
            said = str(error)  # not that far yet
        if said in BOOTED:
            return
        time.sleep(POLL)
    raise ProviderError(f"A machine did not boot within {seconds:g} s (its systemd says: {said}).")


def await_disks(guest: Guest, serials: Sequence[str], seconds: float = DISK_SECONDS) -> None:
    """Return when the machine has found the disks with these serial numbers; later at the latest.

    That one is not found is no error: it may be broken, or what would find it may be.
    """
    deadline = time.monotonic() + seconds
    argv = ["/usr/bin/lsblk", "-dnro", "SERIAL"]
    while serials and time.monotonic() < deadline:
        try:
            done = guest.run(
                argv, user="root", stdin=b"", cwd="/", timeout=ASK_SECONDS, limit=10_000
            )
        except TimeoutError:  # a disk that is broken may keep it waiting
            continue
        if set(serials) <= set(done.stdout.decode("utf-8", "replace").split()):
            return
        time.sleep(POLL)


def rest(guest: Guest) -> None:
    """Have a machine write out and forget what need not be saved with it."""
    argv = ["/bin/sh", "-c", _REST]
    guest.run(argv, user="root", stdin=b"", cwd="/", timeout=GIVE_SECONDS, limit=1000)


def give(guest: Guest, host: HostPlan) -> None:
    """Make a clone a machine of its own: name, network cards, numbers, clock, serial line."""
    random = base64.b64encode(os.urandom(64)).decode()
    guest.ask({"act": "stir", "random": random}, ASK_SECONDS)
    user = host.login.user if host.login else "root"
    settings = [f"{port.interface}={port.mac}" for port in host.ports]
    settings += [f"{key}={value}" for key, value in host.sysctls.items()]
    argv = ["/bin/bash", "-c", _GIVE, "bash", host.name, user, f"{time.time():.3f}", *settings]
    try:
        done = guest.run(argv, user="root", stdin=b"", cwd="/", timeout=GIVE_SECONDS, limit=10_000)
    except TimeoutError as error:
        raise ProviderError(f"{host.name} took too long over its new name: {error}") from error
    if done.exit != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise ProviderError(f"{host.name} could not be given its name: {said}")
