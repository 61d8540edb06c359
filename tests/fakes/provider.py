"""A provider without a server: hosts that hold files and understand `echo … > PATH`.

What it "runs" stands in one JSON file in the home, so that every process and every controller of
one home sees the same server, as with a real one. Everything below /run and /tmp is gone after a
restart.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import shlex
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checkers.hardware_state import HardwareResult
from checkers.model import ProgramResult
from checkers.ssh import Dial
from labctl.errors import ProviderError, ProviderUnavailable
from labctl.plan import Plan
from labctl.providers.base import Finding, HostState, Owned, Placement, Report, Usage
from tests.fakes import agent

FILE = "fake-server.json"
VOLATILE = ("/run/", "/tmp/")
WRITES = re.compile(r"^echo (?P<words>.*) > (?P<path>/\S+)$")
REMOVES = re.compile(r"^rm (?P<path>/\S+)$")
SIGNALS = {"interrupt": signal.SIGINT, "terminate": signal.SIGTERM}
LATE = ("hung", "silent", "starting")
"""Faults of hosts that have power and do not boot."""
FAILS = re.compile(r"^exit (?P<status>\d+)$")


class FakeServer:
    """The file behind the provider; tests use it to look at hosts and to have things fail.

    Beside operations that raise, these faults are known: `interrupt` and `terminate` (a signal in
    the middle of a start: of the next, or of the Nth where N is the message), `dead` (this host
    does not come up again), `reboot` (the next console ends with its host), `shutdown` (the host
    goes down while it is asked), `slow` (a program does not end), `moves` (this file vanishes when
    hosts go on), `disk` (nearly full), `hung` (this host is not to be observed until it restarts),
    `silent` and `starting` (this host comes no further than that), `sluggish` (nor does its twin),
    `far` (its disk is another machine's).
    """

    def __init__(self, home: Path) -> None:
        self.path = home / FILE

    @contextmanager
    def state(self) -> Iterator[dict[str, Any]]:
        """The server's state, to read and to change, while nobody else does."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            text = file.read()
            state = json.loads(text) if text else {"sessions": {}, "helper": False, "faults": {}}
            yield state
            file.seek(0)
            file.truncate()
            json.dump(state, file)
            file.flush()

    def fault(self, operation: str, message: str | None) -> None:
        """Have an operation (`up`, `down`, `run`, `dial`, `any` …) fail from now on, or no more."""
        with self.state() as state:
            state["faults"].pop(operation, None)
            if message is not None:
                state["faults"][operation] = message

    def write(self, session: str, host: str, path: str, content: str | bytes) -> None:
        """What a candidate writes into a file."""
        data = content.encode() if isinstance(content, str) else content
        with self.state() as state:
            files = state["sessions"][session]["hosts"][host]["files"]
            files[path] = base64.b64encode(data).decode()

    def stop_host(self, session: str, host: str) -> None:
        """A host shuts down by itself."""
        with self.state() as state:
            state["sessions"][session]["hosts"][host]["state"] = "stopped"

    def fell(self, session: str, host: str) -> None:
        """A fault of the server ends a host."""
        with self.state() as state:
            state["sessions"][session]["hosts"][host] |= {"state": "stopped", "fell": True}

    def sessions(self) -> list[str]:
        """The sessions that have hosts."""
        with self.state() as state:
            return sorted(state["sessions"])


class FakeProvider:
    """Satisfies `labctl.providers.base.Provider`."""

    name = "docker"

    def __init__(self, installation: str, home: Path) -> None:
        self.server = FakeServer(home)

    @contextmanager
    def _state(self, operation: str) -> Iterator[dict[str, Any]]:
        with self.server.state() as state:
            for name in ("any", operation):
                if name in state["faults"]:
                    kind = ProviderUnavailable if name == "any" else ProviderError
                    raise kind(state["faults"][name], "Mend it.")
            yield state

    def _hosts(self, state: dict[str, Any], session: str) -> dict[str, Any]:
        hosts: dict[str, Any] = state["sessions"].get(session, {}).get("hosts", {})
        return hosts

    # ------------------------------------------------------------------ environment

    def up(self, session: str, plan: Plan, report: Report) -> Placement:
        report("the fabric is there")
        with self._state("up") as state:
            state["helper"] = True
            state["sessions"][session] = {
                "hosts": {host.name: {"state": "running", "files": {}} for host in plan.hosts}
            }
        self._interrupted(report)
        for host in plan.hosts:
            report(f"{host.name} is ready")
        pins: dict[str, dict[str, Any]] = {
            host.name: {"id": host.name, "session": session} for host in plan.hosts
        }
        return Placement(session, self.name, pins, images={"host": "labctl/host:fake"})

    def _interrupted(self, report: Report) -> None:
        """Send this process the signal of a fault, once, and go on until that has an effect."""
        wanted = []
        with self.server.state() as state:
            for name in SIGNALS.keys() & state["faults"].keys():
                before = state["faults"].pop(name)
                if before.isdecimal() and int(before) > 1:
                    state["faults"][name] = str(int(before) - 1)
                else:
                    wanted.append(name)
        for name in wanted:
            os.kill(os.getpid(), SIGNALS[name])
            until = time.monotonic() + 10
            while time.monotonic() < until:
                report("is on its way")

    def revive(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        return self._again("revive", placement, hosts)

    def restart(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        return self._again("restart", placement, hosts)

    def _again(self, operation: str, placement: Placement, hosts: Sequence[str]) -> Placement:
        with self._state(operation) as state:
            for name in hosts:
                host = self._hosts(state, placement.session)[name]
                if state["faults"].get("hung") == name:
                    state["faults"].pop("hung")
                dead = state["faults"].get("dead") == name and not _is_twin(placement)
                host["state"] = "stopped" if dead else "running"
                host["fell"] = False
                kept = {
                    path: content
                    for path, content in host["files"].items()
                    if not path.startswith(VOLATILE)
                }
                host["files"] = kept
        return placement

    def down(self, session: str, *, but_kept: bool = False) -> None:
        with self._state("down") as state:
            hosts = self._hosts(state, session)
            state["sessions"].pop(session, None)
            kept = [name for name, host in hosts.items() for _ in host.get("kept", ())]
            if but_kept and kept:
                state.setdefault("kept", {}).setdefault(session, []).extend(kept)
            elif not but_kept:
                state.get("kept", {}).pop(session, None)

    def owned(self) -> tuple[Owned, ...]:
        with self._state("owned") as state:
            found = [
                Owned("host", f"{session}-{host}", session, about["state"])
                for session in state["sessions"]
                for host, about in self._hosts(state, session).items()
            ]
            helpers = [Owned("helper", "observer", None, "running")] if state["helper"] else []
            kept = [
                Owned("snapshot", f"kept/{session}-{host}", session, "kept")
                for session, hosts in state.get("kept", {}).items()
                for host in hosts
            ]
        return (*found, *helpers, *kept)

    def tidy(self) -> None:
        with self._state("tidy") as state:
            state["helper"] = bool(state["sessions"])

    # ------------------------------------------------------------------ acts

    def break_down(
        self, placement: Placement, plan: Plan, hosts: Sequence[str], report: Report
    ) -> Placement:
        return placement

    def hands(
        self, placement: Placement, plan: Plan, act: str, key: str, report: Report
    ) -> tuple[Placement, str]:
        with self._state("hands") as state:
            state.setdefault("acts", {})[key] = told = f"somewhere: did {act}"
        return placement, told

    def refit(
        self, placement: Placement, plan: Plan, key: str, report: Report
    ) -> tuple[Placement, str]:
        with self._state("refit") as state:
            return placement, state.get("acts", {}).get(key, "")

    def hardware(self, placement: Placement, host: str) -> HardwareResult:
        raise ProviderError(f"{host} is a fake, which has no hardware.")

    # ------------------------------------------------------------------ access

    def dial(self, argv: Sequence[str], preamble: bytes) -> agent.FakeStream:
        with self._state("dial"):
            pass
        return agent.dial(preamble, self._answer)

    def guest_dials(self, placement: Placement) -> dict[str, Dial]:
        """Hosts that boot slowly are machines, with observers of their own."""
        with self._state("guest_dials") as state:
            faults = state["faults"]
        return {faults[each]: self.dial for each in LATE if each in faults}

    def _answer(self, probe: dict[str, Any], pins: dict[str, Any]) -> dict[str, Any]:
        """The answer to a probe for a file, or for all that were written."""
        if probe["kind"] == "changed_files":
            with self.server.state() as state:
                files = self._hosts(state, pins["session"])[probe["host"]]["files"]
            paths = [base64.b64encode(path.encode()).decode() for path in sorted(files)]
            return {"result": {"changes": [{"path": each, "how": "added"} for each in paths]}}
        if probe["kind"] != "file":
            return {"failure": f"a fake host has no {probe['kind']}", "blame": "machinery"}
        path = base64.b64decode(probe["path"]).decode()
        with self.server.state() as state:
            if probe["host"] in [state["faults"].get(each) for each in ("hung", "silent")]:
                return {"failure": f"{probe['host']} says nothing", "blame": "machinery"}
            hosts = self._hosts(state, pins["session"])
            found = hosts[probe["host"]]["files"].get(path)
        if found is None:
            return {"result": {"type": None, "why": "no such file"}}
        content = base64.b64decode(found)
        about = {"type": "file", "mode": 0o100644, "size": len(content), "links": 1}
        return {"result": about | {"content": found if probe["limit"] else None}}

    def run(
        self,
        placement: Placement,
        host: str,
        argv: Sequence[str],
        *,
        user: str = "root",
        stdin: bytes = b"",
        cwd: str = "/",
        timeout: float = 60.0,
        limit: int = 1 << 20,
    ) -> ProgramResult:
        """What a shell would do with the lines it knows; the others change nothing."""
        values: dict[str, str] = {}
        with self._state("run") as state:
            if "slow" in state["faults"]:
                raise TimeoutError
            files = self._hosts(state, placement.session)[host]["files"]
            for line in stdin.decode().splitlines():
                name, equals, value = line.partition("=")
                if equals and name.isidentifier():
                    values[name] = " ".join(shlex.split(value))
                elif found := WRITES.match(line):
                    words = found["words"].strip('"')
                    for variable, text in values.items():
                        words = words.replace(f"${variable}", text)
                    files[found["path"]] = base64.b64encode(f"{words}\n".encode()).decode()
                elif found := REMOVES.match(line):
                    files.pop(found["path"], None)
                elif found := FAILS.match(line):
                    return ProgramResult(int(found["status"]), b"", b"it said no\n")
        return ProgramResult(0, b"", b"")

    def console(self, placement: Placement, host: str, user: str) -> int | None:
        with self._state("console") as state:
            if state["faults"].pop("reboot", None):
                self._hosts(state, placement.session)[host]["state"] = "stopped"
                return None
            return 0

    def put(self, placement: Placement, host: str, path: str, content: bytes, mode: int) -> None:
        with self._state("put"):
            pass
        self.server.write(placement.session, host, path, content)

    def expel(self, placement: Placement, hosts: Sequence[str]) -> None:
        with self._state("expel"):
            pass

    # ------------------------------------------------------------------ state

    def states(self, placement: Placement) -> Mapping[str, HostState]:
        with self._state("states") as state:
            hosts = self._hosts(state, placement.session)
            return {
                name: HostState(
                    name,
                    hosts[name]["state"] if name in hosts else "missing",
                    fault=name in hosts and hosts[name].get("fell", False),
                )
                for name in placement.pins
            }

    def going_down(self, placement: Placement, host: str) -> bool:
        with self._state("going_down") as state:
            wanted = state["faults"].pop("shutdown", None)
            if wanted:
                self._hosts(state, placement.session)[host]["state"] = "stopped"
        return bool(wanted)

    def not_booted(self, placement: Placement, seconds: float) -> Mapping[str, str]:
        with self._state("not_booted") as state:
            faults = state["faults"]
        found = {faults["hung"]: "silent"} if "hung" in faults else {}
        found |= {faults[stage]: stage for stage in ("silent", "starting") if stage in faults}
        return found if "sluggish" in faults or not _is_twin(placement) else {}

    def freeze(self, placement: Placement) -> None:
        self._set(placement, "running", "frozen")

    def thaw(self, placement: Placement) -> None:
        self._set(placement, "frozen", "running")

    def _set(self, placement: Placement, before: str, after: str) -> None:
        with self._state(after) as state:
            for host in self._hosts(state, placement.session).values():
                if host["state"] == before:
                    host["state"] = after
                if after == "running":
                    host["files"].pop(state["faults"].get("moves"), None)

    def power_cycle(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        return self._again("restart", placement, hosts)

    def snapshot(self, placement: Placement, host: str) -> str:
        with self._state("snapshot") as state:
            about = self._hosts(state, placement.session)[host]
            about.setdefault("kept", []).append(dict(about["files"]))
            return f"{placement.session}/{host}/{len(about['kept'])}"

    def reset(self, placement: Placement, plan: Plan, host: str, report: Report) -> Placement:
        with self._state("reset") as state:
            about = self._hosts(state, placement.session)[host]
            about["files"] = {}
            about["state"] = "running"
        report(f"{host} is ready")
        return placement

    def usage(self, placement: Placement) -> tuple[Usage, ...]:
        return tuple(Usage(name, 12 << 20, 128 << 20, 7) for name in placement.pins)

    def disk_free(self) -> float:
        with self._state("disk_free") as state:
            return 0.05 if "disk" in state["faults"] else 0.5

    def disk_room(self) -> int | None:
        with self._state("disk_room") as state:
            return None if "far" in state["faults"] else 20 << 30

    def disk_used(self, placement: Placement) -> Mapping[str, int]:
        return dict.fromkeys(placement.pins, 1 << 20)

    def freeze_host(self, placement: Placement, host: str) -> None:
        with self._state("freeze_host") as state:
            self._hosts(state, placement.session)[host]["state"] = "frozen"

    # ------------------------------------------------------------------ the rest

    def diagnose(self) -> tuple[Finding, ...]:
        with self._state("diagnose"):
            return (Finding("ok", "Fake", "a server of paper"),)

    def close(self) -> None:
        """Nothing is held open."""


def _is_twin(placement: Placement) -> bool:
    return placement.session.endswith("-twin")
