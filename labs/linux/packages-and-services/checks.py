"""What no check type looks at: where lists come from, and what dpkg has selected."""

from __future__ import annotations

import re

from checkers.check import Asking, Check, NotObserved, ask, failed, passed
from checkers.findings import Findings
from checkers.model import Directory, File, Inside, ProgramResult, Subject
from checkers.reading import system_file, unobserved, whole
from checkers.words import plain

LOG = b"/var/log/nginx/access.log"
STATUS = b"/var/lib/dpkg/status"
LISTS = "/var/lib/apt/lists"
OTHERS = {"unsigned": "without a signature", "stranger": "signed by a stranger"}
UPDATE = ("apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any")


def updates(subject: Subject, mirror: str, path: str) -> Check:
    """`apt-get update` ends well on the host, and the host `mirror` was asked for `path`.

    What was asked for stands in the mirror's log, which the candidate cannot reach.
    """
    before = yield from _asked_for(mirror, path)
    update = yield from _run(subject.host, UPDATE)
    after = yield from _asked_for(mirror, path)
    findings = Findings()
    findings.note(
        update.exit == 0,
        expected="`apt-get update` without errors or warnings",
        found=_said(update),
    )
    findings.note(
        after > before,
        expected=f"the mirror asked for {path}",
        found=f"the mirror {'asked' if after > before else 'not asked'} for it",
    )
    return findings.verdict()


def refuses_others(subject: Subject, mirror: str, path: str, company: str) -> Check:
    """Lists unsigned, or signed by a stranger, are asked for by the host and not taken.

    Each of the two is served for a moment, and names a package that the signed ones have not. The
    mirror's folder of lists is a link, which leads to the signed ones again when this ends.
    """
    findings = Findings()
    for kind, said in OTHERS.items():
        marker = f"{company}-{kind}"
        asked, known = yield from _offered(subject.host, mirror, path, kind, marker)
        listed = yield from _lists_with(subject.host, marker)
        taken = listed or marker.encode() in known
        found = f"lists {said} {'taken' if taken else 'refused'}"
        findings.note(
            asked and not taken,
            expected=f"lists {said} refused",
            found=found if asked else "the mirror not asked for any lists",
        )
    return findings.verdict()


def _offered(
    host: str, mirror: str, path: str, kind: str, marker: str
) -> Asking[tuple[bool, bytes]]:
    """Whether the host asked for the lists while others were served, and what it knows since."""
    link = f"/srv/mirror{path.removesuffix('/stable/')}"
    yield from _done(mirror, ("ln", "-sfn", kind, link))
    try:
        before = yield from _asked_for(mirror, path)
        yield from _run(host, UPDATE)
        after = yield from _asked_for(mirror, path)
        known = yield from _run(host, ("apt-cache", "show", marker))
    except NotObserved:
        yield from _done(mirror, ("ln", "-sfn", "signed", link))
        raise
    yield from _done(mirror, ("ln", "-sfn", "signed", link))
    return after > before, known.stdout


def _lists_with(host: str, marker: str) -> Asking[str]:
    """The name of a package list on the host that has the package `marker`; empty if none has."""
    listing = yield from ask(Directory(host, LISTS.encode()))
    for entry in listing.entries or ():
        if entry.name.endswith(b"_Packages"):
            one = yield from ask(File(host, LISTS.encode() + b"/" + entry.name, limit=1 << 20))
            if one.content and f"Package: {marker}\n".encode() in one.content:
                return plain(entry.name)
    return ""


def _asked_for(mirror: str, path: str) -> Asking[int]:
    """How often the mirror was asked for something in `path`."""
    log = yield from system_file(mirror, LOG, 8 << 20)
    return log.count(f'"GET {path}'.encode())


def _run(host: str, argv: tuple[str, ...]) -> Asking[ProgramResult]:
    result = yield from ask(Inside(host, argv, timeout=40.0))
    return whole(argv, result)


def _done(host: str, argv: tuple[str, ...]) -> Asking[None]:
    result = yield from _run(host, argv)
    if result.exit != 0:
        raise unobserved(f"{argv[0]} ended with {result.exit} on {host}")


def _said(update: ProgramResult) -> str:
    """What apt complained of first, as far as it did."""
    lines = (update.stderr + b"\n" + update.stdout).decode("utf-8", "replace").splitlines()
    wrong = [line for line in lines if line.startswith(("E:", "W:", "Err:"))]
    if update.exit == 0:
        return "`apt-get update` ended well"
    return f"`apt-get update` ended with {update.exit}: {plain(wrong[0], 160) if wrong else ''}"


def selected(subject: Subject, name: str, version: str, want: str) -> Check:
    """The package is installed in `version`, and dpkg's selection for it is `want`.

    `want` is `install`, or `hold` for a package on hold (dpkg(1), "Package selection states").
    """
    found = yield from _stanza(subject.host, name)
    expected = f"{name} {version}, {'on hold' if want == 'hold' else 'not on hold'}"
    if found is None or found["state"] != "installed":
        return failed(expected=expected, found=f"{name} not installed")
    held = "on hold" if found["want"] == "hold" else "not on hold"
    right = found["version"] == version and found["want"] == want
    verdict = passed if right else failed
    return verdict(expected=expected, found=f"{name} {plain(found['version'])}, {held}")


def purged(subject: Subject, name: str, path: str) -> Check:
    """Nothing of the package is left for dpkg, and nothing is at `path`."""
    known = yield from _stanza(subject.host, name)
    left = yield from ask(File(subject.host, path.encode(), follow=False))
    findings = Findings()
    gone = known is None or known["state"] == "not-installed"
    findings.note(
        gone,
        expected=f"nothing left of {name} for dpkg",
        found="nothing left" if gone or known is None else f"{name} {known['state']}",
    )
    findings.note(
        left.type is None,
        expected=f"nothing at {path}",
        found=f"{left.type or 'nothing'} at {path}",
    )
    return findings.verdict()


def _stanza(host: str, name: str) -> Asking[re.Match[str] | None]:
    status = yield from system_file(host, STATUS, 16 << 20)
    pattern = (
        rf"^Package: {re.escape(name)}\nStatus: (?P<want>\S+) \S+ (?P<state>\S+)\n"
        r"(?:(?!\n).*\n)*?Version: (?P<version>\S+)$"
    )
    return re.search(pattern, status.decode("utf-8", "replace"), re.MULTILINE)
