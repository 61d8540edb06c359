"""The agent's loop: a request in, answers out as they come, until standard input ends.

A request is `{"seconds": …, "hosts": {name: pins}, "fabric": {"pins": …, "ports": …},
"probes": [{"id": …, "kind": …, …}]}`. Each answer is `{"id", "result"}` or `{"id", "failure",
"blame"}`; `{"done": true}` closes the round.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import sys
import time
from base64 import urlsafe_b64decode
from typing import Any

from . import connect, devices, dhcp, files, frames, layers, processes, programs, system, wire
from .hosts import Doorway, Host, HostChanged
from .jobs import Job, Runner

GRACE = 0.03
"""Seconds for which the wire is watched after the last program ended."""
FILE_SECONDS = 20.0
LINE_BYTES = 48 << 20
"""Bytes of one answer about a file, in base64."""
LOOKS = {"file": files.look, "directory": files.names, "filesystem": files.filesystem}
"""Who answers the probes that look at a host's file tree, by their kind."""
SENDING = ("program", "connect", "discover")
"""Kinds of probes that use a host's network."""
NO_FABRIC = "the networks are not as they were at the start"


class Round:
    """One request being answered."""

    def __init__(
        self,
        doorway: Doorway,
        source: io.BufferedReader[io.FileIO],
        nonce: bytes,
        request: dict[str, Any],
    ) -> None:
        self._doorway = doorway
        self._input = source
        self._nonce = nonce
        self._until = time.monotonic() + float(request["seconds"])
        self._request = request
        self._hosts: dict[str, Host] = {}
        self._runner = Runner()
        self._jobs: dict[int, tuple[Job, dict[str, Any], wire.Watch | None]] = {}
        self._files: dict[int, dict[int, dict[str, Any]]] = {}
        self._wire: wire.Wire | None = None
        self._fabric_changed = False

    def run(self) -> None:
        """Answer every probe of the request, then say that it is done."""
        wanted: dict[str, list[dict[str, Any]]] = {}
        for probe in self._request["probes"]:
            wanted.setdefault(probe["host"], []).append(probe)
        if any(probe["kind"] in SENDING for probe in self._request["probes"]):
            self._listen()
        for name, probes in wanted.items():
            self._host(name, probes)
        if self._wire:
            self._runner.watch(self._wire.fileno(), self._wire.drain)
        self._runner.watch(self._input.fileno(), self._overheard)
        self._collect()
        self._send({"done": True})
        self._runner.close()
        for host in self._hosts.values():
            host.close()

    def _overheard(self) -> None:
        """Nothing is said to us while we answer: our asker has hung up, and nobody waits for us."""
        if not self._input.peek(1):
            self._runner.kill()
            os._exit(1)
        self._runner.ignore(self._input.fileno())

    def _host(self, name: str, probes: list[dict[str, Any]]) -> None:
        try:
            host = self._doorway.open(name, self._request["hosts"][name])
        except KeyError:
            self._fail(probes, f"the request does not say where {name} is")
            return
        except HostChanged as error:
            self._fail(probes, f"host changed: {error}", "host")
            return
        self._hosts[name] = host
        readers = [probe for probe in probes if probe["kind"] in LOOKS]
        if readers:
            self._start_reader(host, readers)
        for probe in probes:
            if probe["kind"] == "processes":
                pids = processes.of_host(host.pid_namespace)
                self._answer(probe, processes.listing(pids))
            elif probe["kind"] in ASKED:
                self._start_asking(host, probe)
            elif probe["kind"] in SENDING:
                if self._fabric_changed:
                    self._fail([probe], NO_FABRIC)  # its cables are gone: not the host's doing
                else:
                    self._start(host, probe)

    def _start_reader(self, host: Host, probes: list[dict[str, Any]]) -> None:
        waiting = {int(probe["id"]): probe for probe in probes}

        def answered(line: bytearray) -> None:
            end = line.index(b" ")
            if waiting.pop(int(line[:end]), None):
                self._send_text(memoryview(line)[end + 1 :])

        job = Job(lambda: _read(host, probes), FILE_SECONDS, LINE_BYTES, answered)
        self._files[id(job)] = waiting
        self._runner.add(job)

    def _start_asking(self, host: Host, probe: dict[str, Any]) -> None:
        def ask() -> None:
            os.write(1, json.dumps(ASKED[probe["kind"]](host, probe)).encode())

        job = Job(ask, FILE_SECONDS, LINE_BYTES)
        self._jobs[id(job)] = (job, probe, None)
        self._runner.add(job)

    def _start(self, host: Host, probe: dict[str, Any]) -> None:
        nonce = secrets.token_hex(16)
        flow = probe.get("flow")
        if probe["kind"] == "connect":
            protocol = probe.get("protocol", "tcp")
            flow = {"protocol": protocol, "to": probe["to"], "port": probe["port"], "nonce": False}
        try:
            watch = wire.watch(flow, nonce, probe["host"]) if flow else None
            if probe["kind"] == "connect":
                job = connect.job(host.network, probe)
            elif probe["kind"] == "discover":
                pins = self._request["hosts"][probe["host"]]
                job, watch = dhcp.job(host.network, probe, pins, secrets.token_bytes(4))
            else:
                job = programs.job(host, probe, nonce)
        except (programs.NotAllowed, ValueError) as error:
            self._fail([probe], str(error))
            return
        if watch and self._wire:
            self._wire.look_for(watch)
        self._jobs[id(job)] = (job, probe, watch)
        self._runner.add(job)

    def _listen(self) -> None:
        fabric = self._request["fabric"]
        if not fabric:
            return
        try:
            owner = self._doorway.open("the fabric", fabric["pins"])
        except HostChanged:
            self._fabric_changed = True
            return
        self._hosts["\0fabric"] = owner
        self._doorway.enter_network(owner.network)
        try:
            ports = {name: (host, network) for name, (host, network) in fabric["ports"].items()}
            self._wire = wire.Wire(ports)
        finally:
            self._doorway.leave_network()

    def _collect(self) -> None:
        ended = []
        for job in self._runner.run(self._until):
            if id(job) in self._files:
                self._report_files(job)
            else:
                ended.append(job)
                if not self._jobs[id(job)][2]:
                    self._report(job)
        if self._wire:
            if any(watch for _, _, watch in self._jobs.values()):
                time.sleep(GRACE)
            self._wire.drain_all()
            self._wire.close()
        for job in ended:
            if self._jobs[id(job)][2]:
                self._report(job)

    def _report_files(self, job: Job) -> None:
        why = "reading took too long" if job.timed_out else "the reader ended early"
        unanswered = list(self._files[id(job)].values())
        self._fail(unanswered, f"{why} {job.trouble.decode(errors='replace')}".strip())

    def _report(self, job: Job) -> None:
        _, probe, watch = self._jobs[id(job)]
        if job.timed_out:
            self._fail([probe], f"`{_name(probe)}` did not end within {job.seconds:g} s")
            return
        if job.trouble or job.exit < 0:
            why = job.trouble.decode(errors="replace") or f"signal {-job.exit} ended it"
            self._fail([probe], f"`{_name(probe)}` could not be run: {why}")
            return
        sightings = watch.sightings if watch else []
        if watch and (self._wire is None or self._wire.lost or watch.full):
            why = "frames were lost" if self._wire else "the request does not say where it is"
            self._fail([probe], f"the wire could not be watched: {why}")
            return
        if probe["kind"] != "program":
            extra = {"sightings": sightings} if probe["kind"] in SENDING else {}
            self._report_own(job, probe, extra)
            return
        self._answer(
            probe,
            {
                "exit": job.exit,
                "stdout": files.encoded(bytes(job.output["stdout"])),
                "stderr": files.encoded(bytes(job.output["stderr"])),
                "truncated": job.truncated,
                "seconds": job.ended - job.started,
                "sightings": sightings,
            },
        )

    def _report_own(self, job: Job, probe: dict[str, Any], extra: dict[str, Any]) -> None:
        """The answer of a child that is no other program but a part of ours."""
        try:
            answer = json.loads(job.output["stdout"])
        except ValueError:
            self._fail([probe], f"the answer about {probe['kind']} is not whole")
            return
        self._answer(probe, {**answer, **extra})

    def _answer(self, probe: dict[str, Any], result: dict[str, Any]) -> None:
        self._send({"id": probe["id"], "result": result})

    def _fail(self, probes: list[dict[str, Any]], why: str, blame: str = "machinery") -> None:
        for probe in probes:
            self._send({"id": probe["id"], "failure": why, "blame": blame})

    def _send(self, message: dict[str, Any]) -> None:
        self._send_text(json.dumps(message).encode())

    def _send_text(self, message: bytes | memoryview) -> None:
        sys.stdout.buffer.write(frames.head(self._nonce, len(message)))
        sys.stdout.buffer.write(message)
        sys.stdout.buffer.flush()


def _deleted_files(host: Host, _probe: dict[str, Any]) -> dict[str, Any]:
    system.keep_only((system.CAP_DAC_READ_SEARCH, system.CAP_SYS_PTRACE))
    return processes.deleted_files(processes.of_host(host.pid_namespace))


def _changed_files(host: Host, _probe: dict[str, Any]) -> dict[str, Any]:
    return layers.changes(layers.of_host(host), layers.server_of(host))


def _smart_log(host: Host, probe: dict[str, Any]) -> dict[str, Any]:
    _demand_own_kernel(host)
    return devices.smart_log(probe)


def _serial_line(host: Host, probe: dict[str, Any]) -> dict[str, Any]:
    _demand_own_kernel(host)
    return devices.serial_line(probe, processes.of_host(host.pid_namespace))


def _demand_own_kernel(host: Host) -> None:
    """A container's devices are its server's."""
    if not host.own_kernel:
        raise ValueError(f"{host.name} has no devices of its own")


ASKED = {
    "changed_files": _changed_files,
    "deleted_files": _deleted_files,
    "smart_log": _smart_log,
    "serial_line": _serial_line,
}
"""Who answers the probes for which a child of ours looks around, by their kind."""


def _name(probe: dict[str, Any]) -> str:
    return str(probe["argv"][0] if probe["kind"] == "program" else probe["kind"])


def _read(host: Host, probes: list[dict[str, Any]]) -> None:
    """Look at files of one host, in a child of its own; a line for each: its number, its answer."""
    system.keep_only((system.CAP_DAC_READ_SEARCH,))
    for probe in probes:
        answer: dict[str, Any] = {"id": probe["id"]}
        try:
            kernels = probe["kind"] != "filesystem" and files.of_kernel(
                urlsafe_b64decode(probe["path"])
            )
            root = host.kernel if kernels else host.root
            answer["result"] = LOOKS[probe["kind"]](root, probe)
        except files.Unreadable as error:
            answer |= {"failure": str(error), "blame": "host"}
        except OSError as error:
            answer |= {"failure": f"cannot be read: {error.strerror}", "blame": "machinery"}
        data = b"%d %s\n" % (probe["id"], json.dumps(answer).encode())
        while data:
            data = data[os.write(1, data) :]


def main() -> int:
    """Answer requests until standard input ends."""
    doorway = Doorway()
    nonce: bytes | None = None
    source = io.BufferedReader(io.FileIO(0, closefd=False))
    while (message := frames.unpack(source.read, nonce)) is not None:
        nonce, request = message
        Round(doorway, source, nonce, request).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
