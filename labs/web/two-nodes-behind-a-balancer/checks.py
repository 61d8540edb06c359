"""What no check type looks at: sessions on several nodes, lost nodes, deployment under load."""

from __future__ import annotations

import re
from dataclasses import replace

from checkers.check import Asking, Check, ask, ask_all, failed, passed
from checkers.model import File, Flow, Inside, Program, ProgramResult, Subject
from checkers.network._witness import FarEnd, far_end
from checkers.reading import content_of, unobserved, whole
from checkers.web._curl import Request, program, understood

LOG = b"/var/log/webapp/access.log"
RATE = 5
"""Pages asked for in a second while a release is deployed."""
CODES = re.compile(rb"[0-9]{3}")


def shared(subject: Subject, site: dict[str, str], tag: str, nodes: list[str]) -> Check:
    """A visitor who has signed in is known on every page, and all `nodes` have served some.

    `site` is the `name` and `address` that visitors use, and the `user` who signs in; `tag` marks
    the requests in the nodes' own logs.
    """
    expected = f"one visitor signed in, served by {' and '.join(nodes)}"
    end = yield from far_end(subject, site["address"])
    cookie, trouble = yield from _login(subject, {**site, "port": "80"}, subject.source)
    if not trouble:
        trouble = yield from _visit(subject, end, site, cookie, tag=tag, times=16)
    if trouble:
        return failed(expected=expected, found=trouble)
    for node in nodes:
        found = yield from ask(File(node, LOG, limit=4 << 20))
        if found.type != "file" or tag.encode() not in content_of(LOG, found):
            return failed(expected=expected, found=f"none of 16 pages was served by {node}")
    return passed(expected=expected, found="16 pages, signed in on all of them, from every node")


def survives(
    subject: Subject,
    *,
    site: dict[str, str],
    tag: str,
    node: dict[str, str],
    away: list[str],
    back: list[str],
    states: list[int],
) -> Check:
    """Visitors go on as before when `node` (`name`, `url`, `address`, `port`) is lost.

    The command `away` takes the node out of service and `back` brings it back; `states` are the
    statuses with which the node itself must then answer, none of them meaning no answer at all. The
    visitor has signed in on that very node. Errors of the first seconds do not count.
    """
    expected = f"pages as before while {node['name']} is out of service"
    end = yield from far_end(subject, site["address"])
    cookie, trouble = yield from _login(subject, {**node, "user": site["user"]}, subject.host)
    if trouble:
        return failed(expected=expected, found=f"{node['name']} before it was touched: {trouble}")
    yield from ask(Inside(node["name"], tuple(away), timeout=30.0))
    state = yield from _state(subject, node)
    if state not in (states or [0]):
        yield from ask(Inside(node["name"], tuple(back), timeout=30.0))
        found = f"{node['name']} itself still answers with {state}"
        return failed(expected=f"{node['name']} out of service", found=found)
    yield from _pass_time(subject, site, 6)
    trouble = yield from _visit(subject, end, site, cookie, tag=tag, times=20)
    yield from ask(Inside(node["name"], tuple(back), timeout=30.0))
    yield from _pass_time(subject, site, 12)
    state = yield from _state(subject, node)
    if state != 200:
        return failed(
            expected=f"{node['name']} back in service after `{' '.join(back)}`",
            found=f"it answers with {state}" if state else "it does not answer",
        )
    if trouble:
        return failed(expected=expected, found=trouble)
    return passed(expected=expected, found="20 pages, the visitor signed in on all of them")


def deploys(
    subject: Subject,
    *,
    site: dict[str, str],
    release: str,
    sample: str,
    breaks: str,
    seconds: int,
    nodes: list[dict[str, str]],
) -> Check:
    """`deploy` brings a release to all nodes, or refuses a broken one, and visitors notice nothing.

    The release is made just now, from the one called `sample`; `breaks` is a line of Python that is
    added to it, or empty. `deploy` may take so many `seconds`. Run for a broken release it must end
    with another status than 0, and all nodes must go on with what they have.
    """
    expected = f"`deploy {release}` to {'refuse it' if breaks else 'bring the release'}"
    before = yield from _versions(subject, nodes)
    if not (yield from _made(subject.host, release, sample, breaks)):
        return failed(expected="a release in /srv/releases", found="it could not be put there")
    load = _load(subject, site, RATE * seconds, RATE)
    command = ("/usr/local/sbin/deploy", release)
    done, visits = yield from ask_all(Inside(subject.host, command, timeout=90.0), load)
    after = yield from _versions(subject, nodes)
    wanted = before if breaks else dict.fromkeys(after, release)
    trouble = _ending(done, seconds, broken=bool(breaks))
    if not trouble and after != wanted:
        trouble = f"{_spelled(after)}, and not {_spelled(wanted)}"
    if not trouble and not breaks:
        trouble = yield from _another(release, nodes)
    if not trouble:
        end = yield from far_end(subject, site["address"])
        output = whole(load.argv, visits).stdout
        trouble = end.trouble(visits.sightings) or _failures(output, RATE * seconds)
    if trouble:
        return failed(expected=f"{expected} without an interruption", found=trouble)
    found = f"{RATE * seconds} good pages meanwhile"
    return passed(expected=f"{expected} without an interruption", found=found)


def _made(host: str, release: str, sample: str, breaks: str) -> Asking[bool]:
    """Put a new release beside the others; whether that could be done."""
    script = 'cp -r "$0" "$1" && echo "$2" >"$1/VERSION" && echo "$3" >>"$1/app.py"'
    folders = (f"/srv/releases/{sample}", f"/srv/releases/{release}")
    made = yield from ask(
        Inside(host, ("sh", "-c", script, *folders, release, f"{breaks}# {release}"))
    )
    return made.exit == 0


def _ending(done: ProgramResult, seconds: int, *, broken: bool) -> str:
    """What is wrong with the way in which `deploy` ended; empty if nothing is."""
    if (done.exit == 0) == broken:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()[-200:]
        return f"it ended with {done.exit}: {said or 'no output'}"
    return f"it took {done.seconds:.0f} s" if done.seconds > seconds else ""


def _another(release: str, nodes: list[dict[str, str]]) -> Asking[str]:
    """Words for a node whose application is not that of the release; empty if there is none."""
    for node in nodes:
        code = yield from ask(File(node["name"], b"/srv/webapp/app.py", limit=1 << 20))
        if code.type != "file" or f"# {release}".encode() not in (code.content or b""):
            return f"/srv/webapp/app.py on {node['name']} is not the release's"
    return ""


def _failures(output: bytes, asked: int) -> str:
    """Words for visits that failed meanwhile; empty if all were good."""
    codes = CODES.findall(output)
    if len(codes) != asked:
        raise unobserved(f"{len(codes)} of {asked} requests were made")
    bad = [code.decode() for code in codes if code != b"200"]
    return f"{len(bad)} of {asked} pages failed, one with {bad[0]}" if bad else ""


def _spelled(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} has {version}" for name, version in versions.items())


def _login(subject: Subject, place: dict[str, str], source: str) -> Asking[tuple[str, str]]:
    """The cookie of a visitor who signs in, and what went wrong; one of them is empty.

    `place` has the `name`, `address` and `port` that are asked, from the host `source`.
    """
    name, port = place["name"], int(place["port"])
    url = f"http://{name}:{port}/login?user={place['user']}"
    end = yield from far_end(replace(subject, origin=source), place["address"])
    probe = program(source, Request(url, name, port, place["address"], method="POST"))
    result = yield from ask(probe)
    answer = understood(probe.argv, whole(probe.argv, result))
    trouble = answer.trouble or end.trouble(result.sightings)
    if trouble or answer.status >= 400:
        return "", f"signing in: {trouble or f'status {answer.status}'}"
    cookies = [value.partition(";")[0] for value in answer.set_cookies]
    return ("; ".join(cookies), "") if cookies else ("", "signing in: no cookie was set")


def _visit(
    subject: Subject, end: FarEnd, site: dict[str, str], cookie: str, *, tag: str, times: int
) -> Asking[str]:
    """What was wrong with one of `times` visits; empty if nothing was."""
    requests = [
        Request(
            f"http://{site['name']}/account?visit={tag}-{turn}",
            site["name"],
            80,
            site["address"],
            cookies=cookie,
        )
        for turn in range(times)
    ]
    probes = [program(subject.source, request) for request in requests]
    results = yield from ask_all(*probes)
    for turn, (probe, result) in enumerate(zip(probes, results, strict=True), start=1):
        answer = understood(probe.argv, whole(probe.argv, result))
        trouble = answer.trouble or end.trouble(result.sightings)
        if not trouble and answer.status != 200:
            trouble = f"status {answer.status}"
        if not trouble and f"signed in as {site['user']}".encode() not in answer.body:
            trouble = "the visitor is not known any more"
        if trouble:
            return f"page {turn} of {times}: {trouble}"
    return ""


def _state(subject: Subject, node: dict[str, str]) -> Asking[int]:
    """The status with which a node answers when the balancer's machine asks it; 0 for none."""
    request = Request(node["url"], node["name"], int(node["port"]), node["address"])
    probe = program(subject.host, request)
    result = yield from ask(probe)
    return understood(probe.argv, whole(probe.argv, result)).status


def _versions(subject: Subject, nodes: list[dict[str, str]]) -> Asking[dict[str, str]]:
    """The release that each node itself says it has; empty where it does not answer."""
    found = {}
    for node in nodes:
        request = Request(node["url"], node["name"], int(node["port"]), node["address"])
        probe = program(subject.host, request)
        result = yield from ask(probe)
        answer = understood(probe.argv, whole(probe.argv, result))
        words = answer.body.decode("utf-8", "replace").split()
        found[node["name"]] = words[0][:40] if answer.status == 200 and words else "no answer"
    return found


def _pass_time(subject: Subject, site: dict[str, str], seconds: int) -> Asking[None]:
    """Let some seconds go by, with visits whose answers do not count."""
    yield from ask(_load(subject, site, 2 * seconds, 2))


def _load(subject: Subject, site: dict[str, str], times: int, rate: int) -> Program:
    """So many visits one after the other, at most at this rate; prints the status of each."""
    argv = (
        "curl", "-q", "-s", "--http1.1", "--noproxy", "*", "--max-time", "5", "--rate", f"{rate}/s",
        "--connect-to", f"{site['name']}::{site['address']}:", "-o", "/dev/null",
        "-w", "%{http_code}\\n", f"http://{site['name']}/?visit=[1-{times}]",
    )  # fmt: skip
    flow = Flow("tcp", site["address"], 80)
    return Program(subject.source, argv, timeout=2 * times / rate + 30.0, flow=flow)
