"""Names as a host itself would look them up: its hosts file first, then its name servers.

Both files are read as data and the servers are asked by our own `dig`, so that neither a replaced
resolver library nor one that hangs has a say. `/etc/nsswitch.conf` is taken to be as Debian has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from checkers.check import Asking, ask_all
from checkers.model import File, Flow, Program, ProgramResult
from checkers.reading import answer, content_of, unobserved
from checkers.words import plain, quoted

HOSTS = b"/etc/hosts"
RESOLVER = b"/etc/resolv.conf"
TIMEOUT = 2
TRIES = 2

_HEADER = re.compile(r"^;; ->>HEADER<<- opcode: QUERY, status: (?P<status>[A-Z0-9]+), id: \d+$")
_FLAGS = re.compile(r"^;; flags:(?P<flags>[a-z ]*); QUERY: \d+, ANSWER: (?P<answers>\d+),")
_RECORD = re.compile(
    r"^(?P<owner>\S+)\s+(?P<ttl>\d+)\s+(?P<class>[A-Z]+)\s+(?P<type>[A-Z0-9]+)\s+(?P<data>.+)$"
)
_TROUBLE = re.compile(
    r"^;; (?:communications error to \S+: (?P<error>.+)"
    r"|UDP setup with .+ failed: (?P<setup>.+?)\.?)$"
)


@dataclass(frozen=True, slots=True)
class Record:
    """A record of an answer: its name, type and data, names without the last dot."""

    owner: str
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a name server answered; without an answer `status` is empty and `trouble` says why."""

    status: str
    flags: frozenset[str] = frozenset()
    records: tuple[Record, ...] = ()
    trouble: str = ""

    def about(self, name: str, kind: str) -> set[str]:
        """The data of the records of a type for `name`, through names that it leads to."""
        names = {bare(name)}
        for _ in self.records:
            names |= {
                record.data
                for record in self.records
                if record.type == "CNAME" and record.owner in names
            }
        return {
            record.data for record in self.records if record.type == kind and record.owner in names
        }

    @property
    def silent(self) -> bool:
        """Whether there was neither an answer nor a refusal."""
        return self.trouble == "timed out"


def question(source: str, server: str, name: str, kind: str, port: int = 53) -> Program:
    """The program that asks `server` for the records of `name`."""
    limits = (f"+time={TIMEOUT}", f"+tries={TRIES}")
    return Program(
        source,
        ("dig", "-r", f"@{server}", "-p", str(port), *limits, "-t", kind, "-q", name),
        timeout=TIMEOUT * TRIES + 6.0,
        flow=Flow("udp", server, port),
    )


def understood(result: ProgramResult) -> Reply:
    """Read the output of dig; raises `NotObserved` for what is no output of dig."""
    lines = result.stdout.decode("utf-8", "replace").splitlines()
    if result.exit == 9:
        troubles = [found for line in lines if (found := _TROUBLE.match(line))]
        if not troubles:
            raise unobserved("`dig` got no answer and says nothing of why")
        return Reply("", trouble=plain(troubles[-1]["error"] or troubles[-1]["setup"]))
    header = [found for line in lines if (found := _HEADER.match(line))]
    flags = [found for line in lines if (found := _FLAGS.match(line))]
    if result.exit != 0 or len(header) != 1 or len(flags) != 1:
        said = plain(result.stderr.strip() or result.stdout.strip()[-200:])
        raise unobserved(f"`dig` ended with {result.exit}: {said or 'no output'}")
    records = _answers(lines)
    if len(records) != int(flags[0]["answers"]):
        raise unobserved("`dig` says how many records there are, and shows another number")
    return Reply(header[0]["status"], frozenset(flags[0]["flags"].split()), records)


def _answers(lines: list[str]) -> tuple[Record, ...]:
    if ";; ANSWER SECTION:" not in lines:
        return ()
    records = []
    for line in lines[lines.index(";; ANSWER SECTION:") + 1 :]:
        if not line.strip():
            break
        found = _RECORD.match(line)
        if found is None:
            raise unobserved(f"`dig` shows a record that cannot be understood: {plain(line)}")
        data = normal(found["type"], found["data"])
        records.append(Record(bare(found["owner"]), found["type"], data))
    return tuple(records)


def bare(name: str) -> str:
    """A domain name in lower case, without the dot of the root."""
    return name.lower().removesuffix(".") or "."


def normal(kind: str, data: str) -> str:
    """A record's data in one spelling: addresses as usual, names bare, texts without quotes."""
    text = " ".join(data.split())
    if kind in {"A", "AAAA"}:
        try:
            return str(ip_address(text))
        except ValueError:
            return text
    if kind in {"TXT", "SPF"}:
        parts = re.findall(r'"((?:[^"\\]|\\.)*)"', data)
        return "".join(parts) if parts else data.strip()
    return " ".join(bare(word) for word in text.split(" "))


# --------------------------------------------------------------------------- as the host does it


@dataclass(frozen=True, slots=True)
class Resolved:
    """The addresses of a name, or why there are none, in words for the candidate."""

    addresses: tuple[str, ...]
    trouble: str = ""


def resolve(source: str, name: str) -> Asking[Resolved]:
    """Look a name up as the host `source` would."""
    hosts, resolver = yield from ask_all(
        File(source, HOSTS, limit=1 << 20), File(source, RESOLVER, limit=1 << 16)
    )
    if hosts.type is not None:
        found = _from_hosts(content_of(HOSTS, hosts), name)
        if found:
            return Resolved(found)
    servers = name_servers(content_of(RESOLVER, resolver)) if resolver.type is not None else ()
    if not servers:
        said = f"{source} has no name server and {quoted(name)} does not stand in its hosts file"
        return Resolved((), said)
    return (yield from _from_servers(source, servers, name))


def _from_hosts(content: bytes, name: str) -> tuple[str, ...]:
    found = []
    for line in content.decode("utf-8", "replace").splitlines():
        words = line.partition("#")[0].split()
        if len(words) > 1 and bare(name) in map(bare, words[1:]):
            try:
                found.append(str(ip_address(words[0])))
            except ValueError:
                continue
    return tuple(dict.fromkeys(found))


def name_servers(content: bytes) -> tuple[str, ...]:
    """The addresses of the name servers in a resolv.conf; the resolver uses three at most."""
    found = []
    for line in content.decode("utf-8", "replace").splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                found.append(str(ip_address(words[1])))
            except ValueError:
                continue
    return tuple(found[:3])


def _from_servers(source: str, servers: tuple[str, ...], name: str) -> Asking[Resolved]:
    trouble = ""
    for server in servers:
        result = yield from answer(question(source, server, name, "A"))
        reply = understood(result)
        if not reply.status:
            trouble = f"the name server {server} does not answer ({reply.trouble})"
            continue
        found = tuple(sorted(reply.about(name, "A")))
        said = f"the name server {server} knows no address of {quoted(name)} ({reply.status})"
        return Resolved(found, "" if found else said)
    return Resolved((), trouble)
