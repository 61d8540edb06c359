"""The check type `capture`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from checkers.check import Asking, Check, CheckType, NotObserved, ask
from checkers.findings import Findings
from checkers.matchers import Matcher, Texts, holds, spoken
from checkers.model import Failure, File, FileResult, ProcessesResult, Subject
from checkers.network._capture_file import LINK_TYPES, NotACapture, records
from checkers.network._ip import HostAddress
from checkers.network._packets import Packet, dissected
from checkers.network._witness import every_host_up
from checkers.reading import all_processes, content_of, unobserved
from checkers.words import listed, plain, quoted, size

LIMIT = 16 << 20
CLOCK_SLACK = 5.0
"""Seconds by which the times of frames may lie outside the session: clocks tick in hundredths."""


def _path(text: str) -> str:
    if not text.startswith("/") or "\0" in text:
        raise ValueError(f"`{text}` is not an absolute path")
    return text


class Capture(CheckType):
    """A capture file that the candidate made holds the right conversation.

        capture: {path: /root/web.pcap, between: [10.1.0.10, 10.2.0.10], port: 80}
        capture: {path: /root/dns.pcap, protocol: udp, port: 53, payload: intranet, only: true}
        capture: {path: /srv/a.pcapng, protocol: arp, source: 10.1.0.10, frames: {min: 2}}

    The file at `path` on `host:` must be a pcap or pcapng file of at most 16 MiB, as `tcpdump -w`
    and Wireshark write, of Ethernet or of `-i any`. Frames are looked for that fit all of

    - `protocol`: `arp`, `icmp` (also that of IPv6), `tcp`, `udp` or `ospf`;
    - `between`: two addresses, and both directions must be there; or `source`, `destination`;
    - `port`: of either side.

    `frames` (default at least 1) is how many there must be. `payload` is a text, or several, that
    must stand in what they carry; what one side sends over a TCP connection is read on from frame
    to frame. `handshake: true` wants the beginning of a TCP connection, SYN and SYN with ACK. With
    `only: true` nothing else may be in the file, as by a filter.

    A frame counts only if it can have been captured in this lab: its sender's hardware address
    belongs to a host of the lab, and its time lies between the start of the lab's hosts (where the
    lab has one that the candidate cannot enter) and now. What a candidate sends on purpose, or
    writes with a program of their own, cannot be told from it.

    Error: the file or a host of the lab cannot be observed.
    """

    kind: ClassVar[str] = "capture"

    path: Annotated[str, AfterValidator(_path)]
    protocol: Literal["arp", "icmp", "tcp", "udp", "ospf"] | None = None
    between: tuple[HostAddress, HostAddress] | None = None
    source: HostAddress | None = None
    destination: HostAddress | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    payload: Texts | None = None
    frames: Matcher | None = None
    handshake: bool = False
    only: bool = False

    @model_validator(mode="after")
    def _expects_something(self) -> Capture:
        if not any((self.protocol, self.between, self.source, self.destination, self.port)):
            raise ValueError("say which frames: `protocol`, `between`, `source`, `port` …")
        if self.between and (self.source or self.destination):
            raise ValueError("give either `between`, or `source` and `destination`")
        if self.between and self.between[0] == self.between[1]:
            raise ValueError("`between` needs two addresses")
        if self.port and self.protocol not in (None, "tcp", "udp"):
            raise ValueError(f"`{self.protocol}` has no ports")
        if self.handshake and self.protocol != "tcp":
            raise ValueError("`handshake` needs `protocol: tcp`")
        return self

    def run(self, subject: Subject) -> Check:
        """Read the file and judge the frames in it."""
        probe = File(subject.host, self.path.encode(), limit=LIMIT)
        (seen,) = yield (probe,)
        if not isinstance(seen.result, FileResult):
            raise NotObserved(seen.failure or Failure("not observed"))
        links = yield from every_host_up(subject)
        macs = {link.address.lower() for found in links.values() for link in found}
        macs |= {port.mac.lower() for host in subject.hosts for port in host.ports}
        started = yield from _started(subject)
        findings = Findings()
        packets, trouble = self._packets(seen.result)
        expected = f"{self._wanted()} in {plain(self.path)}"
        if trouble:
            findings.miss(expected=expected, found=f"{plain(self.path)}: {trouble}")
            return findings.verdict()
        own = [each for each in packets if each.mac in macs]
        now = [each for each in own if started <= each.at + CLOCK_SLACK]
        now = [each for each in now if each.at <= seen.at + CLOCK_SLACK]
        fitting = [each for each in now if self._fits(each)]
        self._compare(findings, expected, fitting, _not_counted(packets, own, now))
        if self.only:
            others = len(packets) - sum(1 for each in packets if self._fits(each))
            said = f"{others} other frame{'' if others == 1 else 's'}"
            findings.note(
                not others, expected="no other frames", found=said if others else "no others"
            )
        return findings.verdict()

    def _packets(self, file: FileResult) -> tuple[list[Packet], str]:
        """The packets in the file, or why there are none, in words for the candidate."""
        if file.type is None:
            return [], file.why or "no such file"
        if file.type != "file":
            return [], f"a {file.type}, not a file"
        if file.truncated or file.size > LIMIT:
            return [], f"{size(file.size)} are too many; capture with a filter"
        if file.content is None or (not file.content and file.size):
            raise unobserved(f"the content of {quoted(self.path)} was not read")
        try:
            every = list(records(file.content))
        except NotACapture as problem:
            return [], str(problem)
        if not every:
            return [], "a capture without a frame"
        strange = {record.link_type for record in every} - set(LINK_TYPES)
        if strange:
            return [], "captured on something other than Ethernet"
        packets = [packet for record in every if (packet := dissected(record))]
        return packets, "" if packets else "no frame in it can be read"

    def _fits(self, packet: Packet) -> bool:
        ends = {packet.source, packet.destination}
        return (
            (self.protocol is None or packet.protocol == self.protocol)
            and (self.between is None or ends == set(self.between))
            and (self.source is None or packet.source == self.source)
            and (self.destination is None or packet.destination == self.destination)
            and (self.port is None or self.port in packet.ports)
        )

    def _wanted(self) -> str:
        words = [f"{self.protocol.upper()} frames" if self.protocol else "frames"]
        if self.between:
            words.append(f"between {listed(self.between)}")
        words += [f"from {self.source}"] if self.source else []
        words += [f"to {self.destination}"] if self.destination else []
        words += [f"with port {self.port}"] if self.port else []
        return " ".join(words)

    def _compare(
        self, findings: Findings, expected: str, fitting: list[Packet], remark: str
    ) -> None:
        count = len(fitting)
        wanted = f" ({spoken(self.frames)})" if self.frames is not None else ""
        ok = count > 0 and (self.frames is None or holds(self.frames, count))
        found = f"{count or 'no'} such frame{'' if count == 1 else 's'}{remark}"
        findings.note(ok, expected=f"{expected}{wanted}", found=found)
        if not ok:
            return
        if self.between:
            ways = {packet.source for packet in fitting}
            said = f"frames from {listed(sorted(ways))}"
            findings.note(ways == set(self.between), expected="both directions", found=said)
        if self.handshake:
            flags = {packet.flags & 0x17 for packet in fitting}
            ok = {0x02, 0x12} <= flags
            said = "" if ok else "out"
            findings.note(
                ok, expected="with its beginning (SYN, SYN-ACK)", found=f"with{said} its beginning"
            )
        if self.payload:
            carried = _carried(fitting)
            missing = [
                text for text in self.payload if not any(text.encode() in c for c in carried)
            ]
            said = f"{listed(map(quoted, missing))} in none of them" if missing else "it is there"
            findings.note(
                not missing, expected=f"carrying {listed(map(quoted, self.payload))}", found=said
            )


def _carried(packets: list[Packet]) -> list[bytes]:
    """What the packets carry: each by itself, and each direction of a connection read on."""
    streams: dict[object, dict[int, bytes]] = {}
    for packet in packets:
        if packet.protocol == "tcp" and packet.payload:
            way = (packet.source, packet.destination, packet.ports)
            streams.setdefault(way, {}).setdefault(packet.sequence, packet.payload)
    joined = [b"".join(parts[at] for at in sorted(parts)) for parts in streams.values()]
    return [*joined, *(packet.payload for packet in packets)]


def _not_counted(every: list[Packet], own: list[Packet], now: list[Packet]) -> str:
    """Words for frames that cannot have been captured in this lab; empty where all can."""
    remarks = []
    if len(own) < len(every):
        remarks.append(f"{len(every) - len(own)} of no host of this lab")
    if len(now) < len(own):
        remarks.append(f"{len(own) - len(now)} of another time")
    return f", and {' and '.join(remarks)}" if remarks else ""


def _started(subject: Subject) -> Asking[float]:
    """When the lab's hosts were started, in seconds since 1970; 0 where it cannot be told.

    A host that the candidate enters may have been started again since.
    """
    trusted = [host.name for host in subject.hosts if host.access == "none"]
    if not trusted:
        return 0.0
    first = []
    for name in trusted:
        found = yield from all_processes(name)
        first.append(_first(found))
    stat = yield from ask(File(trusted[0], b"/proc/stat", limit=1 << 18))
    return _boot_time(stat) + min(first)


def _first(result: ProcessesResult) -> float:
    """When PID 1 of a host was started, in seconds since the server's boot."""
    for process in result.processes:
        if process.pid == 1:
            return process.started
    raise unobserved("a host's first process was not seen")


def _boot_time(result: FileResult) -> float:
    """When the server was booted, by the line `btime` of proc(5)'s stat."""
    for line in content_of(b"/proc/stat", result).splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == b"btime" and words[1].isdigit():
            return float(words[1])
    raise unobserved("when the server was started cannot be read")
