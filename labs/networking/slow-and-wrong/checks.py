"""What no check type looks at: which line carries both directions, and what senders are told."""

from __future__ import annotations

import json
import re

from checkers.check import Check, NotObserved, ask, failed, passed
from checkers.model import Failure, Flow, Program, Subject

_TOLD = re.compile(rb"Frag needed and DF set \(mtu = (\d+)\)|message too long, mtu: (\d+)")


def takes(subject: Subject, to: str, line: str) -> Check:
    """Requests from the check's `from:` host to `to` and their answers pass the network `line`.

    What is judged are the frames at the ports of the hosts that are on it and on others, which
    routers are; the networks that the two ends themselves are on do not count.
    """
    argv = ("ping", "-n", "-c", "3", "-i", "0.3", "-W", "2", "-s", "56", "-p", "{nonce}", to)
    result = yield from ask(Program(subject.source, argv, flow=Flow("icmp", to, nonce=True)))
    routers = {host.name for host in subject.hosts if len(host.ports) > 1}
    lines = {
        name: frozenset(h.name for h in subject.hosts if any(p.network == name for p in h.ports))
        for name in {port.network for host in subject.hosts for port in host.ports}
    }
    between = {name for name, hosts in lines.items() if hosts <= routers}
    seen = [frame for frame in result.sightings if frame.network in between]
    there = sorted({frame.network for frame in seen if frame.destination == to})
    back = sorted({frame.network for frame in seen if frame.source == to})
    expected = f"requests to {to} and answers from it on {line}"
    ways = [" and ".join(names) or "no line" for names in (there, back)]
    found = f"requests on {ways[0]}, answers on {ways[1]}"
    return (passed if there == back == [line] else failed)(expected=expected, found=found)


def is_told(subject: Subject, to: str, mtu: int) -> Check:
    """A packet of 1480 bytes to `to` that must not be cut up brings the answer that `mtu` fit."""
    argv = ("ping", "-n", "-M", "do", "-c", "4", "-i", "0.3", "-W", "1", "-s", "1452", to)
    result = yield from ask(Program(subject.source, argv, flow=Flow("icmp", to)))
    expected = f"{subject.source} told that no more than {mtu} bytes fit on the way to {to}"
    if b"packets transmitted" not in result.stdout:
        raise NotObserved(Failure(f"ping ended with {result.exit} and without its summary"))
    told = {int(found[1] or found[2]) for found in _TOLD.finditer(result.stdout + result.stderr)}
    if told:
        found = f"told that {' or '.join(map(str, sorted(told)))} bytes fit"
    elif re.search(rb" [1-9]\d* received", result.stdout):
        found = "nothing, and packets of 1480 bytes pass"
    else:
        found = "told nothing, and no answer"
    return (passed if told == {mtu} else failed)(expected=expected, found=found)


def in_reserve(subject: Subject, to: str, first: str, second: str) -> Check:
    """The kernel of the check's host has routes to `to` via both hops, and prefers `first`."""
    argv = ("ip", "-j", "-4", "route", "show", "table", "all")
    result = yield from ask(Program(subject.host, argv))
    if result.exit != 0 or not result.stdout.strip() or result.truncated:
        raise NotObserved(Failure(f"`ip route` ended with {result.exit}"))
    rows = json.loads(result.stdout)
    metrics: dict[str, int] = {}  # of several routes by way of one hop, the best decides
    for row in rows:
        if row.get("dst") == to and row.get("gateway"):
            metric = row.get("metric", 0)
            metrics[row["gateway"]] = min(metric, metrics.get(row["gateway"], metric))
    expected = f"routes to {to} via {first} and, in reserve, via {second}"
    found = " and ".join(f"via {hop} with metric {metric}" for hop, metric in metrics.items())
    right = {first, second} <= metrics.keys() and metrics[first] < metrics[second]
    return (passed if right else failed)(expected=expected, found=found or "no such route")


def refuses_transfer(subject: Subject, server: str, zone: str) -> Check:
    """`server` speaks for `zone` and gives no transfer of it to the check's `from:` host."""
    expected = f"{server} answers for {zone} and refuses {subject.source} a transfer of it"
    argv = ("dig", "-r", "+time=2", "+tries=2", f"@{server}", zone)
    soa = yield from ask(Program(subject.source, (*argv, "SOA"), timeout=12))
    if b"status: NOERROR" not in soa.stdout:
        return failed(expected=expected, found=f"{server} does not speak for {zone}")
    result = yield from ask(Program(subject.source, (*argv, "AXFR"), timeout=12))
    lines = [line for line in result.stdout.splitlines() if line and not line.startswith(b";")]
    if lines:
        return failed(expected=expected, found=f"a transfer of {len(lines)} records")
    if b"; Transfer failed." not in result.stdout:
        raise NotObserved(Failure("`dig` shows neither a transfer nor a refusal"))
    return passed(expected=expected, found="the transfer was refused")
