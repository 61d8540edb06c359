"""The wirer's acts: one JSON request on standard input, one JSON answer a line on standard output.

`{"act": "wire", "seconds", "fabric": {"pid"}, "networks", "hosts"}`: lay cables, prepare, open the
gates, wait for the boots; answers `{"host", "pins"}` or `{"host", "trouble"}` as each is ready,
with `"machinery"` where the trouble cannot be the host's own doing.
`{"act": "plug", "fabric": {"pid"}, "networks", "machines": [{"guest", "taps"}]}`: move the taps of
QEMU guests into the fabric.
`{"act": "pins", "pids"}`: what identifies these processes' containers now.
`{"act": "end", "pid_namespace", "roots"}`: kill these processes and all that they started.
`{"act": "abilities"}`: what this kernel can do for networks.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from checkers.agent import hosts, processes

from . import cables, prepare

FIND_SECONDS = 5.0
"""How long a guest that libvirt calls started may take to be seen as a process."""
POLL = 0.1


def say(**message: Any) -> None:
    """One line of the answer."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def wire(request: dict[str, Any]) -> None:
    """Bring hosts whose containers were just started onto their networks, and let them boot."""
    until = time.monotonic() + float(request["seconds"])
    own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    fabric_pid = int(request["fabric"]["pid"])
    fabric = hosts.namespace(fabric_pid, "net")
    ports = [{**port, "pid": host["pid"]} for host in request["hosts"] for port in host["ports"]]
    cables.lay(fabric, own, request["networks"], ports)
    say(fabric=hosts.pins(fabric_pid))
    children: dict[int, str] = {}
    for host in request["hosts"]:
        pid = os.fork()
        if pid == 0:
            _bring_up(host, until)
        children[pid] = host["name"]
    while children:
        pid, status = os.wait()
        name = children.pop(pid, None)
        if name and os.waitstatus_to_exitcode(status) < 0:
            killed = "the wirer was killed while it was at work on it"
            say(host=name, trouble=killed, machinery=True)


def plug(request: dict[str, Any]) -> None:
    """Bring the taps of virtual machines onto their networks."""
    own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    pid = int(request["fabric"]["pid"])
    guests = [
        (hosts.namespace(_guest(str(machine["guest"])), "net"), machine["taps"])
        for machine in request["machines"]
    ]
    cables.plug((pid, hosts.namespace(pid, "net")), own, request["networks"], guests)
    say(plugged=len(guests))


def _guest(name: str) -> int:
    """The QEMU that runs the guest of this name; one that has just been started may be late."""
    until = time.monotonic() + FIND_SECONDS
    while (found := _qemu(f"guest={name},".encode())) is None:
        if time.monotonic() > until:
            raise cables.CannotWire(f"no QEMU runs the guest {name}")
        time.sleep(POLL)
    return found


def _qemu(wanted: bytes) -> int | None:
    """The QEMU with an option that begins like this (`-name guest=NAME,…`)."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            argv = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if b"qemu" in argv[0] and any(word.startswith(wanted) for word in argv):
            return int(entry.name)
    return None


def _bring_up(host: dict[str, Any], until: float) -> None:
    """One host, in a child of its own; says how it went and ends."""
    try:
        pid = int(host["pid"])
        pins = hosts.pins(pid)
        _demand_a_host(pid)
        root = hosts.Doorway().open(host["name"], pins).root
        mounts, network, names = (hosts.namespace(pid, kind) for kind in ("mnt", "net", "uts"))
        worker = os.fork()
        if worker == 0:
            _prepare(mounts, network, names, host)
        if os.waitpid(worker, 0)[1] != 0:
            raise RuntimeError("it could not be prepared")
        if host["gate"]:
            prepare.open_gate(pid, root, until)
            prepare.await_boot(pid, root, until)
        say(host=host["name"], pins=pins)
    except (OSError, RuntimeError, hosts.HostChanged) as error:
        say(host=host["name"], trouble=str(error) or type(error).__name__)
    os._exit(0)


def _demand_a_host(pid: int) -> None:
    """Raise `RuntimeError` unless `pid` is the first process of a container's own namespace.

    Docker named the number a moment ago; had it been used again since, we would prepare, and later
    look at, a stranger, perhaps the server itself.
    """
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    if len(numbers) < 2 or numbers[-1] != "1":
        raise RuntimeError("its PID 1 ended before it could be prepared")


def _prepare(mounts: int, network: int, names: int, host: dict[str, Any]) -> None:
    try:
        prepare.host(mounts, network, names, host)
    except OSError as error:
        say(host=host["name"], detail=f"{error.strerror} {error.filename or ''}")
        os._exit(1)
    os._exit(0)


def end(request: dict[str, Any]) -> None:
    """Kill processes that came into a host from outside, and everything below them."""
    members = processes.table().get(int(request["pid_namespace"]), [])
    parents = {pid: parent for pid in members if (parent := _parent(pid)) is not None}
    doomed = set(request["roots"]) & set(members)
    while more := {pid for pid, parent in parents.items() if parent in doomed} - doomed:
        doomed |= more
    for pid in doomed:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    say(ended=len(doomed))


def _parent(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return int(stat.rpartition(b")")[2].split()[1])


def main() -> int:
    """Carry out one request."""
    request = json.load(sys.stdin)
    try:
        if request["act"] == "wire":
            wire(request)
        elif request["act"] == "plug":
            plug(request)
        elif request["act"] == "end":
            end(request)
        elif request["act"] == "pins":
            for pid in request["pids"]:
                say(pid=pid, pins=hosts.pins(pid))
        else:
            say(abilities=cables.abilities())
    except (OSError, cables.CannotWire) as error:
        say(trouble=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
