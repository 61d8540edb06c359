"""A capture takes what it can get, says what it cannot, and never takes longer than it may."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from checkers.engine import Wanted
from checkers.model import (
    AnyProbe,
    Directory,
    DirectoryEntry,
    DirectoryResult,
    Failure,
    File,
    FileResult,
    Observation,
    Process,
    Processes,
    ProcessesResult,
    Program,
    ProgramResult,
    Vantage,
)
from checkers.storage import ChangedFile, ChangedFiles, ChangedFilesResult
from labctl.capture import files, questions
from labctl.capture.files import chosen, described, to_look_at, to_read
from labctl.capture.model import CapturedFile, Gap, HostCapture, from_json, to_json
from labctl.capture.sheet import processes_of, sheet
from labctl.capture.taking import JUDGED_BYTES, take
from labctl.plan import JudgedPlan, Plan, TaskPlan
from tests.rig import machine, plan

JUDGED = JudgedPlan("reasons", "Reasons", 2, 1, {}, {"file": "pc:/srv/why.md"})
OBSERVED = JudgedPlan("manner", "Manner", 1, 1, {}, {"observed": "what is said"})
LAB: Plan = replace(
    plan(["lan"], machine("pc", "lan"), machine("shelf", "lan", access="none")),
    tasks=(TaskPlan("write", "Write", "", judged=(JUDGED, OBSERVED)),),
)
DPKG = b"""\
Package: zsh
Status: install ok installed
Version: 5.9-4

Package: gone
Status: deinstall ok config-files
Version: 1

Package: acl
Status: install ok installed
Version: 2.3
"""
TREE: dict[bytes, FileResult] = {
    b"/etc/passwd": FileResult("file", content=b"root:x:0:0::/root:/bin/sh\n"),
    b"/etc/group": FileResult("file", content=b"root:x:0:\n"),
    b"/proc/1/mountinfo": FileResult(
        "file", content=b"31 1 0:7 / / rw,relatime - overlay overlay rw\nnonsense\n"
    ),
    b"/etc/fstab": FileResult(None, "no such file"),
    questions.DPKG: FileResult("file", content=DPKG),
    b"/srv/why.md": FileResult("file", size=9, content=b"be\x1b[2Jcause"),
    b"/srv/new\n": FileResult("file", mode=0o644, size=3, content=b"hi\n"),
    b"/etc/link": FileResult("link", target=b"/srv"),
}
CHANGES = (
    ChangedFile(b"/etc", "changed"),
    ChangedFile(b"/etc/link", "changed"),
    ChangedFile(b"/etc/motd", "deleted"),
    ChangedFile(b"/srv/new\n", "added"),
)

Answer = Callable[[AnyProbe], Any]


def well(probe: AnyProbe) -> Any:
    """What a host says where all is well."""
    if isinstance(probe, Program):
        return ProgramResult(0, f"{' '.join(probe.argv)} says\x1b[2J this\n".encode(), b"")
    if isinstance(probe, Processes):
        return ProcessesResult((Process(1, 0, 0, 0, "S", b"init", (b"init",), b"/sbin/init", 0.0),))
    if isinstance(probe, Directory):
        there = probe.path == b"/etc/rc2.d"
        return DirectoryResult((DirectoryEntry(b"S01cron", "link"),) if there else None)
    if isinstance(probe, ChangedFiles):
        return ChangedFilesResult(CHANGES)
    assert isinstance(probe, File)
    found = TREE.get(probe.path, FileResult("directory"))
    return found if probe.limit else replace(found, content=None)


class Scripted:
    """An observer whose answers are a function's."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.closed = threading.Event()
        self.rounds = 0

    def observe(self, wanted: Sequence[Wanted]) -> Sequence[Observation]:
        self.rounds += 1
        return [self._one(each.probe) for each in wanted]

    def _one(self, probe: AnyProbe) -> Observation:
        found = self.answer(probe)
        if isinstance(found, Failure):
            return Observation(probe, Vantage.BESIDE, 1.0, failure=found, frozen=True)
        return Observation(probe, Vantage.BESIDE, 1.0, found, frozen=True)

    def close(self) -> None:
        self.closed.set()


def captured(answer: Answer = well) -> HostCapture:
    (host,) = take(LAB, Scripted(answer)).hosts
    return host


def gaps(answer: Answer) -> dict[str, str]:
    return {gap.what: gap.why for gap in captured(answer).gaps}


def instead(kind: type, result: Any) -> Answer:
    """Everything well, but for the probes of one kind."""
    return lambda probe: result if isinstance(probe, kind) else well(probe)


# --------------------------------------------------------------------------- taking


def test_three_rounds_tell_everything_of_the_hosts_that_can_be_entered() -> None:
    observer = Scripted(well)
    found = take(LAB, observer)
    assert observer.rounds == 3
    (host,) = found.hosts
    assert (host.host, host.gaps, host.listed) == ("pc", (), 4)
    assert set(host.sections) == set(questions.ORDER)
    assert host.packages == ("acl 2.3", "zsh 5.9-4")
    told = {file.path: (file.how, file.type, file.text) for file in host.files}
    assert told == {
        "/etc": ("changed", "directory", None),
        "/etc/link": ("changed", "link", None),
        "/etc/motd": ("deleted", None, None),
        "/srv/new\n": ("added", "file", "hi\n"),
    }


def test_the_evidence_of_a_judged_aspect_is_collected() -> None:
    (judged,) = take(LAB, Scripted(well)).judged
    assert (judged.task, judged.aspect, judged.content) == ("write", "reasons", b"be\x1b[2Jcause")


@pytest.mark.parametrize(
    "result, why, content",
    [
        (FileResult(None, "no such file"), "no such file", None),
        (FileResult("directory"), "it is a directory, not a file", None),
        (Failure("held by a lease"), "held by a lease", None),
        (
            FileResult("file", size=JUDGED_BYTES + 1, content=b"x", truncated=True),
            "only its first 4 MiB were kept",
            b"x",
        ),
    ],
)
def test_judged_evidence_that_is_not_there_has_its_reason(
    result: Any, why: str, content: bytes | None
) -> None:
    def answer(probe: AnyProbe) -> Any:
        return result if getattr(probe, "path", b"") == b"/srv/why.md" else well(probe)

    (judged,) = take(LAB, Scripted(answer)).judged
    assert (judged.why, judged.content) == (why, content)


def test_what_fails_is_a_gap_with_its_reason() -> None:
    assert gaps(instead(Program, Failure("no network")))["routes"] == "no network"
    ended = gaps(instead(Program, ProgramResult(1, b"", b"not\npermitted\n")))
    assert ended["listeners"] == "`ss -l -t -u -n -p` ended with 1: not\npermitted"
    assert gaps(instead(ChangedFiles, Failure("a machine"))) == {"files": "a machine"}
    cut = gaps(instead(Processes, ProcessesResult((), truncated=True)))
    assert cut == {"processes": "there is more of it than is kept"}
    none = gaps(instead(File, FileResult(None, "no such file")))
    assert none == {"packages": "dpkg's database names none"}


def test_a_section_that_is_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "SECTION_BYTES", 3000)
    long = ProgramResult(0, b"x" * 9000, b"")
    found = captured(instead(Program, long))
    assert found.sections["addresses"] == ()
    assert Gap("addresses", "it is longer than is kept") in found.gaps
    assert found.sections["users"] != ()


def test_whatever_breaks_is_a_gap() -> None:
    def broken(_: AnyProbe) -> Any:
        raise RuntimeError("what now")

    found = take(LAB, Scripted(broken))
    assert {gap.why for gap in found.hosts[0].gaps} == {"RuntimeError: what now"}
    assert found.judged[0].why == "RuntimeError: what now"


def test_it_is_over_when_the_time_is_up() -> None:
    observer = Scripted(well)

    def slow(probe: AnyProbe) -> Any:
        if isinstance(probe, File) and not probe.limit:  # the second round
            assert observer.closed.wait(30)
            return Failure("the connection was cut")
        return well(probe)

    observer.answer = slow
    began = time.monotonic()
    found = take(LAB, observer, seconds=0.3)
    assert time.monotonic() - began < 10
    (host,) = found.hosts
    assert host.sections["users"] != ()
    assert host.listed == 4
    assert {file.why for file in host.files if file.how != "deleted"} == {"the connection was cut"}


def test_a_connection_that_does_not_even_end_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("labctl.capture.taking.LAST_WORDS", 0.05)
    never = threading.Event()
    found = take(LAB, Scripted(lambda _: never.wait(20)), seconds=0.1)
    never.set()
    assert {gap.why for gap in found.hosts[0].gaps} == {"it was not there within 0.1 s"}
    assert found.judged[0].why == "it was not there within 0.1 s"


def test_it_can_be_broken_off() -> None:
    never = threading.Event()

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(LAB, Scripted(lambda _: never.wait(20)), go_on=stop)
    never.set()


# --------------------------------------------------------------------------- files


def test_every_directory_has_its_share() -> None:
    many = [ChangedFile(b"/aaa/%d" % number, "added") for number in range(100)]
    few = [ChangedFile(b"/etc/x", "changed"), ChangedFile(b"/srv/y", "added")]
    found = chosen(many + few, 10)
    assert len(found) == 10
    assert set(few) <= set(found)
    assert found == sorted(found, key=lambda each: each.path)


def look(size: int, **about: Any) -> Observation:
    return Observation(File("pc", b""), Vantage.BESIDE, 1.0, FileResult("file", size=size, **about))


def test_the_smallest_are_read_as_far_as_the_limit_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {b"/big": 600, b"/small": 0, b"/mid": 300, b"/huge": 5000}
    looks = {File("pc", path, follow=False): look(size) for path, size in sizes.items()}
    monkeypatch.setattr(files, "LARGEST_READ", 1000)
    assert [each.path for each in to_read(looks)] == [b"/small", b"/mid", b"/big"]
    monkeypatch.setattr(files, "READ_BYTES", 500)
    assert [(each.path, each.limit) for each in to_read(looks)] == [(b"/small", 1), (b"/mid", 300)]


def one(path: bytes, content: bytes | None, size: int | None = None, **about: Any) -> CapturedFile:
    """What is told of a file with this content; None: it was not read."""
    change = ChangedFile(path, "added")
    (probe,) = to_look_at("pc", [change])
    length = size if size is not None else len(content or b"")
    read = {} if content is None else {path: look(length, content=content, **about)}
    (found,) = described("pc", [change], {probe: look(length)}, read)
    return found


def test_what_is_kept_of_a_content() -> None:
    words = one(b"/a", b"words\n")
    assert (words.text, words.why) == ("words\n", "")
    assert words.sha256 == hashlib.sha256(b"words\n").hexdigest()
    for plain in (b"PATH=/bin:$HOME/bin:$PATH\n", b"root:*:1::\namy:!:1::\n"):
        assert one(b"/a", plain).text == plain.decode()
    for content in (b"\xff\xfe", b"a\0b"):
        assert one(b"/a", content).text is None
    long = one(b"/a", b"x" * (files.TEXT_BYTES + 1))
    assert (long.text, long.why) == (None, "too long a text to be kept")
    assert one(b"/a", b"x", truncated=True).why == "it changed while it was looked at"
    assert one(b"/a", None, files.LARGEST_READ + 1).why == "too large to be read"
    assert one(b"/a", None, 10).why == "enough was read of this host"


@pytest.mark.parametrize(
    "path, content",
    [
        (b"/etc/shadow", b"amy:$y$abc"),
        (b"/etc/gshadow-", b"x"),
        (b"/etc/shadow~", b"root:*:1::\namy:$y$j9T$abcdefgh$ijklmnop:1:0::\n"),
        (b"/root/shadow.bak", b"amy:!$6$abcdefgh$ijklmnop:1:0::\n"),
        (b"/var/www/.htpasswd", b"amy:$apr1$abcdefgh$ijklmnop\n"),
        (b"/root/.ssh/id", b"-----BEGIN OPENSSH PRIVATE KEY-----\nabc"),
    ],
)
def test_secrets_are_not_kept(path: bytes, content: bytes) -> None:
    found = one(path, content)
    assert (found.text, found.why) == (None, files.WITHHELD)
    assert found.sha256 is not None


def test_texts_have_a_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "TEXTS_BYTES", 8)
    changes = [ChangedFile(b"/%d" % number, "added") for number in range(3)]
    looks = dict.fromkeys(to_look_at("pc", changes), look(5))
    reads = {each.path: look(5, content=b"12345") for each in changes}
    found = described("pc", changes, looks, reads)
    assert [file.text for file in found] == ["12345", None, None]


def test_a_file_that_could_not_be_looked_at_has_its_reason() -> None:
    change = ChangedFile(b"/a", "added")
    (probe,) = to_look_at("pc", [change])
    failed = Observation(probe, Vantage.BESIDE, 1.0, failure=Failure("a lease"))
    gone = replace(failed, failure=None, result=FileResult(None, "no such file"))
    assert described("pc", [change], {probe: failed}, {})[0].why == "a lease"
    assert described("pc", [change], {probe: gone}, {})[0].why == "no such file"
    assert described("pc", [change], {}, {})[0].why == "it was not looked at in time"
    assert described("pc", [change], {probe: look(1)}, {b"/a": failed})[0].why == "a lease"


def test_a_list_that_was_cut_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = ChangedFilesResult(CHANGES, truncated=True)
    assert gaps(instead(ChangedFiles, cut)) == {
        "files": "4 of 4 or more changed paths were looked at"
    }
    monkeypatch.setattr(files.chosen, "__defaults__", (2,))
    assert gaps(well) == {"files": "2 of 4 changed paths were looked at"}


# --------------------------------------------------------------------------- kept and shown


def test_a_capture_is_read_back_as_it_was() -> None:
    found = captured()
    assert from_json(to_json(found)) == found
    assert processes_of(found) == 1
    for bad in (b"[]", b"{}", b'{"version": 9}', b"not"):
        with pytest.raises(ValueError, match=r"capture|Expecting"):
            from_json(bad)


def test_the_sheet_is_for_people_and_obeys_nothing() -> None:
    told = sheet(captured(instead(Processes, Failure("gone"))))
    for line in (
        "pc (image host) at the hand-in, ",
        "seen from beside, standing still",
        "    $ ip address show\n    ip address show says\\x1b[2J this",
        "    /etc/rc2.d: S01cron",
        "    root:x:0:0::/root:/bin/sh",
        "    /  overlay  overlay  rw,relatime\n    nonsense\n    /etc/fstab: no such file",
        "Packages (2)\n    acl=2.3  zsh=5.9-4",
        "Files that are not as in the image (3 of 4)",
        "deleted  /etc/motd",
        "/etc/link -> /srv",
        "/srv/new\\n 3 bytes  sha256:",
        "The text of /srv/new\\n\n    hi\n",
        "What could not be had\n    processes: gone",
    ):
        assert line in told
    assert "\x1b" not in told
    shown = sheet(captured())
    assert "      1       0      0 S  init  (/sbin/init)" in shown
    assert "What could not be had" not in shown


def test_the_sheet_of_nothing() -> None:
    assert sheet(HostCapture("pc", "host", "2026")) == "pc (image host) at the hand-in, 2026\n"
