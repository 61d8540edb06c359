"""One candidate tries everything at once; seen from beside nothing of it changes a verdict."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checkers.model import (
    Blame,
    Connect,
    Directory,
    Failure,
    File,
    FileResult,
    Flow,
    Inside,
    Processes,
    Program,
    Status,
    Verdict,
)
from tests.liar import library
from tests.rig import Rig, Session, machine, plan, rig, towards, wait_for

PC2 = "10.2.0.10"
EVERYTHING = Path(__file__).parent.parent / "cheats" / "everything.sh"
LIE = b"finished = yes; eth1 10.2.0.99/24; uid=4242(auditor)\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("home")) as found:
        yield found


def begin(made: Rig) -> Session:
    """pc1 ── r1 ── pc2; the candidate has r1 and box."""
    session = made.up(
        plan(
            ["lan-a", "lan-b"],
            machine("pc1", "lan-a", access="none"),
            machine("r1", "lan-a", "lan-b", image="router"),
            machine("pc2", "lan-b", access="none"),
            machine("box", "lan-a"),
        )
    )
    session.sh(
        "r1",
        "ip addr add 10.1.0.1/24 dev eth0; ip addr add 10.2.0.1/24 dev eth1\n"
        "sysctl -qw net.ipv4.ip_forward=1; echo 'finished = no' > /srv/report",
    )
    session.sh("pc1", "ip addr add 10.1.0.10/24 dev eth0; ip route add default via 10.1.0.1")
    session.sh("pc2", "ip addr add 10.2.0.10/24 dev eth0; ip route add default via 10.2.0.1")
    session.sh("pc2", "setsid nc -lk 80 > /dev/null 2>&1 & ip addr add 10.2.0.11/24 dev eth0")
    return session


@pytest.fixture(scope="module")
def honest(made: Rig) -> Session:
    return begin(made)


@pytest.fixture(scope="module")
def lab(made: Rig) -> Session:
    session = begin(made)
    lie = ["/bin/sh", "-c", "cat > /usr/lib/liar.so; chmod 755 /usr/lib/liar.so"]
    session.provider.run(session.placement, "r1", lie, stdin=library(LIE))
    session.sh("r1", EVERYTHING.read_text())
    if platform.machine() == "x86_64":
        # From now on no program of r1 says anything else, the shell that would undo it included.
        session.run(
            "r1", "/usr/local/bin/real-sh", "-c", "echo /usr/lib/liar.so > /etc/ld.so.preload"
        )
        assert session.run("r1", "/bin/true").stdout == LIE
    return session


CHECKS: dict[str, tuple[str, dict[str, Any], str]] = {
    "an address that a lying ip shows": (
        "interface",
        {"network": "lan-b", "addresses": ["10.2.0.99/24"]},
        "failed",
    ),
    "an address that is there": (
        "interface",
        {"network": "lan-b", "addresses": ["10.2.0.1/24"]},
        "passed",
    ),
    "an address on lo": (
        "interface",
        {"network": "lan-a", "addresses": ["10.50.0.1/24"]},
        "failed",
    ),
    "a user of the stage set": ("user", {"name": "auditor"}, "failed"),
    "a user that is there": ("user", {"name": "root", "uid": 0}, "passed"),
    "a file of the stage set": ("file", {"path": "/etc/wanted.conf"}, "failed"),
    "content of the stage set": (
        "file",
        {"path": "/srv/report", "content": {"contains": "yes"}},
        "failed",
    ),
    "content that is there": (
        "file",
        {"path": "/srv/report", "content": {"contains": "finished = no"}},
        "passed",
    ),
    "a process by another's name": ("process", {"name": "nginx"}, "failed"),
    "a process that runs": ("process", {"name": "perl"}, "passed"),
    "a port that a lying ss shows": ("port", {"port": 443}, "failed"),
    "a port that is open": ("port", {"port": 8080}, "passed"),
    "a port under another's name": ("port", {"port": 8080, "process": "nginx"}, "failed"),
    "a route that is there": ("route", {"to": "10.2.0.0/24", "dev": "eth1"}, "passed"),
    "a route that is not": ("route", {"to": "default", "via": "10.2.0.254"}, "failed"),
    "a setting that is there": ("sysctl", {"net.ipv4.ip_forward": 1}, "passed"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_verdict_follows_the_truth(lab: Session, name: str) -> None:
    kind, parameters, status = CHECKS[name]
    verdict = lab.check(kind, "r1", **parameters)
    assert verdict.status == status, verdict


# --------------------------------------------------------------------------- answers by others

REACH: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ping, answered on the way": ("pc1", "ping", {"to": PC2, "count": 1}),
    "ping, answered by the asker": ("r1", "ping", {"to": PC2, "count": 1}),
    "ping of an address on lo": ("pc1", "ping", {"to": "10.2.0.77", "count": 1}),
    "tcp, answered on the way": ("pc1", "tcp", {"to": PC2, "port": 80}),
    "tcp, answered by the asker": ("r1", "tcp", {"to": "10.2.0.11", "port": 8080}),
}


@pytest.mark.parametrize("name", ["ping, answered on the way", "tcp, answered on the way"])
def test_what_is_really_reached_passes(honest: Session, name: str) -> None:
    """The same checks, without the lies: they can pass."""
    origin, kind, parameters = REACH[name]
    verdict = honest.check(kind, "pc2", origin, **parameters)
    assert verdict.status is Status.PASSED, verdict


@pytest.mark.parametrize("name", REACH)
def test_an_answer_in_anothers_place_is_no_answer(lab: Session, name: str) -> None:
    origin, kind, parameters = REACH[name]
    verdict = lab.check(kind, "pc2", origin, **parameters)
    assert verdict.status is Status.FAILED, verdict


def test_an_answered_ping_without_a_witness(lab: Session) -> None:
    result = lab.ping("pc1", PC2)
    assert result.exit == 0, "it is answered"
    assert towards(result.sightings, "r1")
    assert not towards(result.sightings, "pc2")


def test_an_answered_connection_without_a_witness(lab: Session) -> None:
    result = lab.ask(Connect("pc1", PC2, 80, read=20))
    assert result.outcome == "open"
    assert result.received.startswith(b"HTTP/1.0 200")
    assert not towards(result.sightings, "pc2")
    own = lab.ask(Program("r1", ("ping", "-c", "1", PC2), flow=Flow("icmp", PC2)))
    assert own.exit == 0
    assert own.sightings == ()


# --------------------------------------------------------------------------- files

TRAPS: dict[bytes, str] = {
    b"fifo": "fifo",
    b"socket": "socket",
    b"sparse": "cut",
    b"loop-a": "absent",
    b"deep0": "absent",
    b"own-root": "absent",
    b"first-root": "absent",
    b"first-root-now": "absent",
    b"stdin": "absent",
    b"device-stdin": "absent",
    b"zero": "char",
    b"kernel-messages": "error",
    b"memory": "error",
    b"leased": "error",
    b"upwards": "passwd",
    b"not-\xff\xfe-utf8": "x",
    b"red\x1b[31m\x1b]0;title\x07": "x",
    b"two\nlines": "x",
}


def sort_of(seen: FileResult | Failure) -> str:
    if isinstance(seen, Failure):
        return "error"
    if seen.type is None:
        return "absent"
    if seen.type != "file":
        assert seen.content is None
        return seen.type
    assert seen.content is not None
    if seen.truncated:
        return "cut"
    return "passwd" if seen.content.startswith(b"root:x:0:0") else seen.content.decode()


def test_no_trap_holds_or_misleads_the_reader(lab: Session) -> None:
    started = time.monotonic()
    probes = [File("r1", b"/srv/traps/" + name, 100_000) for name in TRAPS]
    found = lab.observe(*probes)
    assert time.monotonic() - started < 10
    sorts = [sort_of(seen.failure or seen.result) for seen in found]  # type: ignore[arg-type]
    assert dict(zip(TRAPS, sorts, strict=True)) == TRAPS
    for seen in found:
        if seen.failure and b"memory" not in seen.probe.path:  # type: ignore[union-attr]
            assert seen.failure.blame is Blame.HOST, seen


def test_names_come_as_they_are(lab: Session) -> None:
    names = {entry.name for entry in lab.ask(Directory("r1", b"/srv/traps")).entries or ()}
    assert set(TRAPS) - {b"deep0"} <= names


def test_a_file_that_is_swapped_without_end_is_never_read_from_elsewhere(lab: Session) -> None:
    """What it says is what stood there at some moment; a link through the kernel's is no way."""
    good = {b"finished = no\n", b"finished = yes\n", "fifo", None}
    texts: set[bytes | str | None] = set()
    until = time.monotonic() + 10
    while not texts >= {b"finished = no\n", "fifo", None} and time.monotonic() < until:
        for seen in lab.observe(*(File("r1", b"/srv/traps/swapped", n) for n in range(100, 200))):
            assert seen.failure is None
            result = seen.result
            assert isinstance(result, FileResult)
            texts.add(result.content if result.type == "file" else result.type)
        assert texts <= good
    assert len(texts) >= 2, "it was seen to change"


def test_what_a_frozen_host_shows_does_not_move(lab: Session) -> None:
    lab.provider.freeze(lab.placement)
    try:
        seen = {lab.file("r1", "/srv/traps/swapped") for _ in range(5)}
    finally:
        lab.provider.thaw(lab.placement)
    assert len(seen) == 1


def test_the_first_process_in_a_stage_set_moves_nobody_else(made: Rig, lab: Session) -> None:
    pid = lab.placement.pins["r1"]["pid"]
    assert str(Path(f"/proc/{pid}/root").readlink()).endswith("/stage"), "it stands there"
    assert lab.file("r1", "/etc/passwd").content != lab.file("r1", "/stage/etc/passwd").content
    first = lab.ask(Processes("r1")).processes[0]
    assert (first.pid, first.exe) == (1, b"/usr/bin/perl")


# --------------------------------------------------------------------------- inside


@pytest.mark.parametrize("run", ["id -un", "cat /srv/report", "sh -c 'exit 3'", "/no/such/thing"])
def test_what_only_the_host_can_say_is_flagged_or_an_error(lab: Session, run: str) -> None:
    started = time.monotonic()
    verdict = lab.check("command", "r1", run=run, stdout={"contains": "finished = yes"})
    assert time.monotonic() - started < 15
    assert verdict.status is Status.ERROR or "seen from inside only" in verdict.flags, verdict


ENDLESS = {
    "output": "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done",
    "errors": "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy >&2; done",
    "both": "while :; do echo yyyyyyy; echo yyyyyy >&2; done",
    "silence": "exec sleep 1000",
    "deafness": "trap '' TERM INT HUP QUIT; while :; do sleep 1; done",
    "children": "sleep 1000 & sleep 1000 & wait",
    "a closed output": "exec > /dev/null 2>&1; sleep 1000",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_program_inside_that_does_not_end_is_ended(lab: Session, name: str) -> None:
    started = time.monotonic()
    failure = lab.failure(Inside("box", ("/bin/sh", "-c", ENDLESS[name]), timeout=0.6))
    assert time.monotonic() - started < 8
    assert failure.blame is Blame.HOST
    assert "did not end" in failure.reason

    def left() -> list[bytes]:
        found = lab.ask(Processes("box")).processes
        return [each.comm for each in found if each.comm in (b"sh", b"sleep") and each.state != "Z"]

    wait_for(lambda: not left(), "its processes to end", 5)


def test_megabytes_on_standard_error_are_cut(lab: Session) -> None:
    script = "head -c 5000000 /dev/zero >&2; head -c 5000000 /dev/zero; exit 7"
    result = lab.ask(Inside("box", ("/bin/sh", "-c", script)))
    assert (result.exit, result.truncated) == (7, True)
    assert max(len(result.stdout), len(result.stderr)) <= 1 << 20


def test_output_that_is_no_text_is_kept_as_it_is(lab: Session) -> None:
    result = lab.ask(Inside("box", ("/usr/bin/printf", r"\377\376\000\033[31m")))
    assert result.stdout == b"\xff\xfe\x00\x1b[31m"


def test_what_a_program_leaves_behind_holds_nobody(lab: Session) -> None:
    started = time.monotonic()
    script = "setsid sleep 1000 & echo done"
    result = lab.ask(Inside("box", ("/bin/sh", "-c", script), timeout=5))
    assert time.monotonic() - started < 4
    assert (result.exit, result.stdout) == (0, b"done\n")
    lab.sh("box", "pkill sleep")


def test_input_that_nobody_reads(lab: Session) -> None:
    probe = Inside("box", ("/bin/sleep", "0.1"), stdin=b"x" * (4 << 20), timeout=5)
    assert lab.ask(probe).exit == 0
    reader = Inside("box", ("/usr/bin/wc", "-c"), stdin=b"x" * (4 << 20), timeout=10)
    assert int(lab.ask(reader).stdout) == 4 << 20


# --------------------------------------------------------------------------- cables


def test_an_interface_that_was_renamed_and_one_that_took_its_name(honest: Session) -> None:
    honest.sh(
        "box",
        "ip link set eth0 down; ip link set eth0 name lan0; ip link set lan0 up\n"
        "ip link add eth0 type veth peer name eth9; ip addr add 10.1.0.20/24 dev eth0\n"
        "ip link set eth0 up; ip link set eth9 up",
    )
    wanted: dict[str, Any] = {"addresses": ["10.1.0.20/24"]}
    assert honest.check("interface", "box", name="eth0", **wanted).status is Status.FAILED
    assert honest.check("interface", "box", network="lan-a", **wanted).status is Status.FAILED
    honest.sh("box", "ip addr del 10.1.0.20/24 dev eth0; ip addr add 10.1.0.20/24 dev lan0")
    assert honest.check("interface", "box", network="lan-a", **wanted).status is Status.PASSED
    honest.sh("box", "ip link set eth0 address 02:00:00:00:00:77; ip link set lan0 down")
    honest.sh("box", "ip link set eth0 address $(cat /sys/class/net/lan0/address)")
    assert honest.check("interface", "box", name="eth0", **wanted).status is Status.FAILED


def test_a_cable_that_was_pulled_out_for_good(honest: Session) -> None:
    honest.sh("box", "ip link del lan0")
    assert honest.check("interface", "box", network="lan-a", up=True).status is Status.FAILED
    assert "lan0" not in honest.ask(Program("box", ("ip", "-br", "link"))).stdout.decode()
    honest.restart("box")
    assert honest.check("interface", "box", network="lan-a", up=True).status is Status.PASSED


def test_a_storm_of_processes_confuses_nobody(honest: Session) -> None:
    """Numbers of processes are used again and again meanwhile, by our programs too."""
    honest.sh(
        "box",
        "for n in 1 2 3; do setsid perl -e 'while (1) { fork or exit; wait }' & done",
        check=False,
    )
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert honest.check("interface", "r1", network="lan-b", up=True).status is Status.PASSED
        assert honest.check("user", "box", name="root").status is Status.PASSED
        assert honest.check("process", "box", name="perl").status is Status.PASSED
        assert honest.ask(Processes("box")).processes[0].pid == 1
    honest.sh("box", "pkill -9 perl", check=False)


# --------------------------------------------------------------------------- behind our back


def verdict_on_box(session: Session) -> Verdict:
    return session.check("user", "box", name="root")


def test_a_paused_host_is_observed_as_ever(made: Rig, honest: Session) -> None:
    container = made.docker.containers.get(honest.container("box"))
    container.pause()
    try:
        assert verdict_on_box(honest).status is Status.PASSED
        started = time.monotonic()
        assert honest.failure(Inside("box", ("/bin/true",), timeout=2)).blame is Blame.MACHINERY
        assert time.monotonic() - started < 5
    finally:
        container.unpause()


@pytest.mark.parametrize("fate", ["restarted", "stopped", "killed", "removed"])
def test_a_host_that_changed_is_an_error_of_the_host(made: Rig, fate: str) -> None:
    session = made.up(plan(["lan"], machine("box", "lan"), machine("pc1", "lan")))
    assert verdict_on_box(session).status is Status.PASSED
    container = made.docker.containers.get(session.container("box"))
    acts: dict[str, Callable[[], object]] = {
        "restarted": lambda: container.restart(timeout=3),
        "stopped": lambda: container.stop(timeout=3),
        "killed": container.kill,
        "removed": lambda: container.remove(force=True),
    }
    acts[fate]()
    verdict = verdict_on_box(session)
    assert (verdict.status, verdict.blame) == (Status.ERROR, Blame.HOST), verdict
    assert "host changed" in verdict.found
    for probe in (
        Processes("box"),
        Directory("box", b"/"),
        Program("box", ("ip", "addr")),
        Connect("box", "127.0.0.1", 22),
    ):
        assert session.failure(probe).blame is Blame.HOST
    assert session.check("user", "pc1", name="root").status is Status.PASSED
    session.close()
    made.provider.down(session.placement.session)


def test_a_host_that_changes_in_the_middle_of_a_round(made: Rig) -> None:
    """What was opened before stays what it was; what is asked after is refused."""
    session = made.up(plan(["lan"], machine("box", "lan")))
    slow = Program("box", ("ping", "-c", "6", "-i", "0.2", "127.0.0.1"), timeout=20)
    found: list[Any] = []
    asking = threading.Thread(target=lambda: found.extend(session.observe(slow)))
    asking.start()
    wait_for(lambda: "ping" in str(made.helper("observer").top()["Processes"]), "the round")
    made.docker.containers.get(session.container("box")).kill()
    asking.join(20)
    assert found[0].result is not None or found[0].failure is not None
    assert verdict_on_box(session).blame is Blame.HOST
    session.close()
    made.provider.down(session.placement.session)
