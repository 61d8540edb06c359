"""What no check type looks at: transfers, referrals, and whether a copy of a zone follows.

`dig` is the observer's own, started beside a host that the candidate cannot enter.
"""

from __future__ import annotations

from checkers.check import Asking, Check, NotObserved, ask, failed, passed
from checkers.model import Failure, Flow, Inside, Program, ProgramResult, Subject

LIMITS = ("-r", "+time=2", "+tries=2")
PATIENCE = 15
"""Seconds that a change may take to arrive; hq tells ns1 of it at once."""


def _dig(source: str, server: str, *words: str) -> Asking[ProgramResult]:
    argv = ("dig", *LIMITS, f"@{server}", *words)
    flow = Flow("tcp" if "AXFR" in words else "udp", server, 53)
    result = yield from ask(Program(source, argv, timeout=12, flow=flow))
    if result.exit not in {0, 9} or result.truncated or not result.stdout.strip():
        raise NotObserved(Failure(f"`dig` ended with {result.exit}"))
    return result


def _lines(result: ProgramResult) -> list[list[str]]:
    """The records that dig shows, without comments, in words and in lower case."""
    text = result.stdout.decode("utf-8", "replace").lower()
    rows = [line.split() for line in text.splitlines() if line.strip() and line[0] != ";"]
    return [row for row in rows if len(row) > 4 and row[2] == "in"]


def _serial(result: ProgramResult) -> int | None:
    found = [row for row in _lines(result) if row[3] == "soa" and len(row) > 6]
    return int(found[0][6]) if found and found[0][6].isdigit() else None


def _speaks(result: ProgramResult) -> bool:
    """Whether the answer is the server's own knowledge."""
    flags = [line for line in result.stdout.splitlines() if line.startswith(b";; flags:")]
    return (
        len(flags) == 1 and b"aa" in flags[0].partition(b";; flags:")[2].partition(b";")[0].split()
    )


def same_zone(subject: Subject, zone: str, servers: list[str], names: list[str]) -> Check:
    """All `servers` speak for `zone`, with one serial number and the same addresses of `names`."""
    expected = f"{' and '.join(servers)} with the same serial number and records of {zone}"
    found = []
    for server in servers:
        soa = yield from _dig(subject.source, server, zone, "SOA")
        serial = _serial(soa)
        if serial is None or not _speaks(soa):
            return failed(expected=expected, found=f"{server} does not speak for {zone}")
        records = []
        for name in names:
            reply = yield from _dig(subject.source, server, name, "A")
            records.append(sorted(row[4] for row in _lines(reply) if row[3] == "a"))
        found.append((serial, records))
    said = " and ".join(
        f"serial {serial} with {', '.join(' '.join(one) or 'none' for one in records)}"
        for serial, records in found
    )
    right = all(one == found[0] for one in found) and all(found[0][1])
    return (passed if right else failed)(expected=expected, found=said)


def refuses_transfer(subject: Subject, server: str, zone: str) -> Check:
    """`server` speaks for `zone` and gives no transfer of it to the check's `from:` host."""
    expected = f"{server} answers for {zone} and refuses {subject.source} a transfer of it"
    soa = yield from _dig(subject.source, server, zone, "SOA")
    if _serial(soa) is None or not _speaks(soa):
        return failed(expected=expected, found=f"{server} does not speak for {zone}")
    result = yield from _dig(subject.source, server, zone, "AXFR")
    records = _lines(result)
    if records:
        return failed(expected=expected, found=f"a transfer of {len(records)} records")
    if b"; Transfer failed." not in result.stdout:
        raise NotObserved(Failure("`dig` shows neither a transfer nor a refusal"))
    return passed(expected=expected, found="the transfer was refused")


def refers(subject: Subject, *, server: str, name: str, zone: str, to: str, address: str) -> Check:
    """Asked for `name`, `server` refers to `to` at `address` for `zone`, and the name is there."""
    expected = f"{server} refers to {to} at {address} for the names in {zone}"
    result = yield from _dig(subject.source, server, "+norecurse", name, "A")
    rows = _lines(result)
    if any(row[3] == "a" and row[0] == f"{name}." for row in rows):
        return failed(expected=expected, found=f"{server} answers for {name} itself")
    servers = sorted(row[4] for row in rows if row[3] == "ns" and row[0] == f"{zone}.")
    glue = sorted(row[4] for row in rows if row[3] == "a" and row[0] == f"{to}.")
    if servers != [f"{to}."] or glue != [address]:
        named = f"{' '.join(servers) or 'no name server'} at {' '.join(glue) or 'no address'}"
        return failed(expected=expected, found=named)
    there = yield from _dig(subject.source, address, "+norecurse", name, "A")
    if not any(row[3] == "a" for row in _lines(there)):
        raise NotObserved(Failure(f"{address} does not know {name}, which it should"))
    return passed(expected=expected, found=f"{to} at {address}, which knows {name}")


def follows(
    subject: Subject, zone: str, primary: str, primary_address: str, secondary: str
) -> Check:
    """A record that is added to `zone` on the host `primary` arrives at the server `secondary`."""
    before = yield from _dig(subject.source, primary_address, zone, "SOA")
    old = _serial(before)
    if old is None:
        raise NotObserved(Failure(f"{primary} does not speak for {zone}"))
    order = f"server 127.0.0.1\nzone {zone}\nupdate add change-{old}.{zone} 60 TXT {old}\nsend\n"
    argv = ("nsupdate", "-k", "/run/named/session.key")
    done = yield from ask(Inside(primary, argv, stdin=order.encode()))
    new = _serial((yield from _dig(subject.source, primary_address, zone, "SOA")))
    if done.exit != 0 or new is None or new == old:
        raise NotObserved(Failure(f"the zone {zone} could not be changed on {primary}"))
    expected = f"{secondary} speaks for {zone} with the serial number {new} within {PATIENCE} s"
    found = "nothing"
    for _ in range(PATIENCE):
        reply = yield from _dig(subject.source, secondary, zone, "SOA")
        serial = _serial(reply)
        found = f"the serial number {serial}" if serial is not None else "no answer about the zone"
        if serial == new and _speaks(reply):
            return passed(expected=expected, found=found)
        yield from ask(Inside(primary, ("sleep", "1")))
    return failed(expected=expected, found=found)
