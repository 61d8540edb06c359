"""Looking at real hosts from beside: what is seen, what is not left behind, what is refused."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest

from checkers.hardware_state import SerialLine, SmartLog
from checkers.model import (
    Blame,
    Connect,
    Directory,
    File,
    Flow,
    Inside,
    Processes,
    Program,
    Vantage,
)
from checkers.storage import DeletedFiles, Filesystem
from tests.rig import Rig, Session, machine, plan, rig, towards, wait_for

PC1, PC2, R1A, R1B = "10.1.0.10", "10.2.0.10", "10.1.0.1", "10.2.0.1"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def lab(made: Rig) -> Session:
    """pc1 ── r1 ── pc2, routed; the candidate has r1 and box."""
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
        f"ip addr add {R1A}/24 dev eth0; ip addr add {R1B}/24 dev eth1\n"
        "ip addr add 2001:db8:1::1/64 dev eth0 nodad; ip addr add 2001:db8:2::1/64 dev eth1 nodad\n"
        "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
    )
    for host, number in (("pc1", 1), ("pc2", 2)):
        session.sh(
            host,
            f"ip addr add 10.{number}.0.10/24 dev eth0; ip route add default via 10.{number}.0.1\n"
            f"ip addr add 2001:db8:{number}::10/64 dev eth0 nodad\n"
            f"ip route add default via 2001:db8:{number}::1",
        )
    session.sh("box", "ip addr add 10.1.0.20/24 dev eth0; ip route add default via 10.1.0.1")
    return session


# --------------------------------------------------------------------------- seeing


def test_a_deleted_file_is_on_the_file_system_that_it_fills(lab: Session) -> None:
    lab.sh(
        "box",
        "(exec 3>/var/log/big; head -c 3000000 /dev/zero >&3; rm /var/log/big; exec sleep 4712) "
        "> /dev/null 2>&1 & sleep 0.5; pgrep -x -f 'sleep 4712' > /tmp/holder",
    )
    (found,) = lab.ask(DeletedFiles("box")).files
    assert (found.path, found.size) == (b"/var/log/big", 3_000_000)
    assert found.pid == int(lab.sh("box", "cat /tmp/holder"))
    assert found.device == lab.ask(Filesystem("box", b"/var/log")).device
    lab.sh("box", "kill $(cat /tmp/holder)")
    wait_for(lambda: not lab.ask(DeletedFiles("box")).files, "the file to be let go of")


def test_one_round_sees_every_host_by_every_kind_of_probe(lab: Session) -> None:
    probes = [
        probe
        for host in ("pc1", "r1", "pc2", "box")
        for probe in (
            File(host, b"/etc/hostname", 100),
            Directory(host, b"/etc/network"),
            Processes(host),
            Program(host, ("ip", "-j", "addr")),
            Connect(host, "127.0.0.1", 1),
            Filesystem(host, b"/var/log"),
            DeletedFiles(host),
            Program(host, ("uname", "-n")),
            Inside(host, ("/bin/hostname",)),
        )
    ]
    found = lab.observe(*probes)
    assert [seen.failure for seen in found] == [None] * len(probes)
    for seen in found:
        named = isinstance(seen.probe, Program) and seen.probe.argv[0] == "uname"
        if named or isinstance(seen.probe, File | Inside):
            text = getattr(seen.result, "content", None) or getattr(seen.result, "stdout", b"")
            assert text == f"{seen.probe.host}\n".encode()
        sending = isinstance(seen.probe, Program | Connect | Inside)
        outside = seen.probe.host.startswith("pc") and sending
        inside = isinstance(seen.probe, Inside)
        expected = Vantage.OUTSIDE if outside else Vantage.INSIDE if inside else Vantage.BESIDE
        assert seen.vantage is expected


def test_processes_are_the_hosts_own_by_the_hosts_own_numbers(lab: Session) -> None:
    lab.sh("box", "setsid sleep 4711 > /dev/null 2>&1 & echo $! > /tmp/pid")
    number = int(lab.sh("box", "cat /tmp/pid"))
    found = {process.pid: process for process in lab.ask(Processes("box")).processes}
    assert found[1].comm == b"init"
    assert found[number].argv == (b"sleep", b"4711")
    assert found[number].exe == b"/usr/bin/sleep"
    assert all(process.ppid in {0, *found} for process in found.values())
    other = lab.ask(Processes("pc1")).processes
    assert not any(b"4711" in process.argv for process in other)
    lab.sh("box", "kill $(cat /tmp/pid)")


def test_dead_processes_are_seen_with_their_parent(lab: Session) -> None:
    script = "sh -c 'sleep 0 & exec sleep 4712' > /dev/null 2>&1 & echo $! > /tmp/pid; sleep 1"
    lab.sh("box", script)
    parent = int(lab.sh("box", "cat /tmp/pid"))
    found = lab.ask(Processes("box")).processes
    assert [process.ppid for process in found if process.state == "Z"] == [parent]
    lab.sh("box", f"kill {parent}")


@pytest.mark.parametrize("to", [PC2, "2001:db8:2::10"], ids=["v4", "v6"])
def test_an_echo_is_seen_at_every_port_it_passes(lab: Session, to: str) -> None:
    lab.sh("pc1", f"ping -c1 -W5 {to}")  # neighbours are known from here on
    result = lab.ping("pc1", to)
    assert result.exit == 0
    places = [(seen.host, seen.network, seen.towards) for seen in result.sightings]
    request = [
        ("pc1", "lan-a", False),
        ("r1", "lan-a", True),
        ("r1", "lan-b", False),
        ("pc2", "lan-b", True),
    ]
    answer = [(host, network, not way) for host, network, way in reversed(request)]
    assert places == request + answer
    assert towards(result.sightings, "pc2")[0].destination == to


@pytest.mark.parametrize("to", [PC2, "2001:db8:2::10"], ids=["v4", "v6"])
def test_a_connection_is_seen_whether_it_is_taken_or_not(lab: Session, to: str) -> None:
    lab.sh("pc2", "setsid nc -lk 8080 > /dev/null 2>&1 & sleep 0.1")
    lab.sh("pc2", "setsid nc -6lk 8080 > /dev/null 2>&1 & sleep 0.1")
    taken = lab.ask(Connect("pc1", to, 8080))
    refused = lab.ask(Connect("pc1", to, 8081))
    lab.sh("pc2", "pkill nc")
    assert (taken.outcome, refused.outcome) == ("open", "closed")
    for result in (taken, refused):
        assert towards(result.sightings, "pc2")
        assert towards(result.sightings, "pc1"), "the answer is seen as well"


def test_a_connection_that_nobody_answers(lab: Session) -> None:
    lab.sh("r1", "nft add table t; nft add chain t f '{type filter hook forward priority 0;}'")
    lab.sh("r1", "nft add rule t f tcp dport 8090 drop; nft add rule t f tcp dport 8091 reject")
    dropped = lab.ask(Connect("pc1", PC2, 8090, wait=0.5))
    rejected = lab.ask(Connect("pc1", PC2, 8091, wait=0.5))
    nowhere = lab.ask(Connect("r1", "10.77.0.1", 80, wait=0.5))
    lab.sh("r1", "nft delete table t")
    assert dropped.outcome == "filtered"
    assert towards(dropped.sightings, "r1")
    assert not towards(dropped.sightings, "pc2")
    assert rejected.outcome in ("closed", "unreachable")
    assert nowhere.outcome == "unreachable"


def test_a_translated_connection_is_followed_to_where_it_really_goes(lab: Session) -> None:
    """pc1 calls an address of the router's, which hands it on to pc2 under another port."""
    lab.sh("pc2", "setsid nc -lk 8080 > /dev/null 2>&1 & sleep 0.1")
    lab.sh(
        "r1",
        "nft add table ip n; nft add chain ip n p '{type nat hook prerouting priority -100;}'\n"
        f"nft add rule ip n p tcp dport 80 dnat to {PC2}:8080",
    )
    result = lab.ask(Connect("pc1", R1A, 80))
    lab.sh("r1", "nft delete table ip n")
    lab.sh("pc2", "pkill nc")
    assert result.outcome == "open"
    (seen,) = towards(result.sightings, "pc2")
    assert seen.destination == PC2
    assert towards(result.sightings, "r1")[0].destination == R1A


def test_a_question_over_udp_is_seen(lab: Session) -> None:
    argv = ("dig", "+time=1", "+tries=1", f"@{PC2}", "example.org")
    result = lab.ask(Program("pc1", argv, flow=Flow("udp", PC2, 53)))
    assert result.exit == 9
    assert towards(result.sightings, "pc2")
    assert not lab.ask(Program("pc1", argv, flow=Flow("udp", PC2, 54))).sightings


def test_what_another_host_sends_is_not_seen_as_ours(lab: Session) -> None:
    lab.sh("box", f"setsid ping -i 0.2 -p 00 {PC2} > /dev/null 2>&1 &")
    result = lab.ping("pc1", PC2, count=3)
    lab.sh("box", "pkill ping")
    assert {seen.host for seen in result.sightings} == {"pc1", "r1", "pc2"}
    assert len(result.sightings) == 8


def test_a_frozen_host_is_seen_as_a_running_one(lab: Session) -> None:
    probes = (
        File("box", b"/etc/passwd", 1 << 20),
        Directory("box", b"/etc"),
        Program("box", ("ip", "-j", "addr")),
        Program("box", ("ss", "-Htln")),
    )
    running = [seen.result for seen in lab.observe(*probes)]
    lab.provider.freeze(lab.placement)
    try:
        frozen = [seen.result for seen in lab.observe(*probes)]
        people = lab.ask(Processes("box"))
        inside = lab.failure(Inside("box", ("/bin/true",)))
    finally:
        lab.provider.thaw(lab.placement)
    for before, after in zip(running, frozen, strict=True):
        assert getattr(before, "content", None) == getattr(after, "content", None)
        assert getattr(before, "entries", None) == getattr(after, "entries", None)
        assert getattr(before, "stdout", None) == getattr(after, "stdout", None)
    assert people.processes
    assert inside.blame is Blame.MACHINERY


# --------------------------------------------------------------------------- least power


def test_our_programs_can_look_and_not_touch(lab: Session) -> None:
    for argv in (
        ("ip", "link", "set", "eth0", "down"),
        ("ip", "addr", "add", "10.99.0.1/24", "dev", "eth0"),
        ("ip", "route", "add", "default", "via", R1A),
        ("ip", "neigh", "flush", "all"),
        ("tc", "qdisc", "add", "dev", "eth0", "root", "tbf"),
        ("sysctl", "-w", "net.ipv4.ip_forward=0"),
        ("sysctl", "-w", "kernel.hostname=x"),
        ("curl", "-s", "file:///etc/shadow"),
        ("openssl", "x509", "-in", "/etc/shadow"),
        ("ip", "netns", "exec", "x", "id"),
        ("dig", "-f", "/etc/shadow"),
    ):
        result = lab.ask(Program("r1", argv))
        assert result.exit != 0, argv
        assert b"root:" not in result.stdout
    addresses = json.loads(lab.ask(Program("r1", ("ip", "-j", "addr"))).stdout)
    assert "10.99.0.1" not in str(addresses)
    assert "UP" in addresses[1]["flags"]
    assert lab.ask(Program("r1", ("nft", "list", "ruleset"))).exit == 0


@pytest.mark.parametrize(
    "argv", [("sh", "-c", "id"), ("/bin/ip",), ("../ip",), ("python3",), ("",)]
)
def test_programs_that_are_not_on_the_list_are_refused(lab: Session, argv: tuple[str]) -> None:
    failure = lab.failure(Program("r1", argv))
    assert "has no program" in failure.reason
    assert failure.blame is Blame.MACHINERY


@pytest.mark.parametrize("probe", [SmartLog("box", "nvme0"), SerialLine("box", "ttyS0")])
def test_a_containers_devices_are_not_looked_at(lab: Session, probe: SmartLog | SerialLine) -> None:
    failure = lab.failure(probe)
    assert "box has no devices of its own" in failure.reason
    assert failure.blame is Blame.MACHINERY


def test_a_program_that_does_not_end_is_ended_and_leaves_nothing(made: Rig, lab: Session) -> None:
    started = time.monotonic()
    failure = lab.failure(Program("pc1", ("ping", "-i", "0.2", PC2), timeout=0.7))
    assert "did not end within 0.7 s" in failure.reason
    assert time.monotonic() - started < 5
    assert running(made) == []


def running(made: Rig) -> list[str]:
    """What runs in the observer besides its own idle programs and its way in."""
    titles = made.helper("observer").top(ps_args="-eo pid,args")["Processes"]
    idle = ("tini", "sleep infinity", "door", "sshd", "checkers.agent")
    return [str(title) for _, title in titles if not any(word in title for word in idle)]


def test_when_the_connection_ends_everything_of_it_ends(made: Rig, lab: Session) -> None:
    """Programs too, although each has become somebody else meanwhile."""
    probe = Program("pc1", ("ping", "-i", "0.2", PC2), timeout=60)
    asking = threading.Thread(target=lambda: lab.observe(probe))
    asking.start()
    wait_for(lambda: running(made), "the program to start")
    lab.close()
    asking.join(20)
    wait_for(lambda: not running(made), "the program to end", 5)
    wait_for(
        lambda: "checkers.agent" not in str(made.helper("observer").top()["Processes"]),
        "the agent to end",
        5,
    )


def test_keys_do_not_stay_in_the_observer(made: Rig, lab: Session) -> None:
    lab.file("box", "/etc/passwd")
    lab.close()

    def left() -> bytes:
        found: bytes = made.helper("observer").exec_run("find /run /tmp -name 'labctl.*'").output
        return found

    wait_for(lambda: not left(), "the keys to be removed", 5)


def test_nothing_of_ours_is_visible_in_a_host(lab: Session) -> None:
    """A host's root watches its processes and sockets as closely as it can meanwhile."""
    watch = (
        "end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do\n"
        "  for pid in /proc/[0-9]*; do tr '\\0' ' ' < $pid/cmdline; echo; done 2> /dev/null\n"
        "  ls -l /proc/[0-9]*/exe 2> /dev/null; env; done | sort | uniq -c"
    )
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(lab.sh("box", watch, check=False)))
    thread.start()
    probes = (
        Processes("box"),
        File("box", b"/etc/shadow", 1 << 20),
        Directory("box", b"/etc"),
        Program("box", ("ping", "-c", "2", "-i", "0.2", PC1)),
        Program("box", ("ss", "-Htulpn")),
        Program("box", ("nft", "list", "ruleset")),
        Connect("box", PC1, 22),
    )
    while thread.is_alive():
        assert all(seen.failure is None for seen in lab.observe(*probes))
    for word in ("python", "checkers", "labctl", "sshd: ", "ping", "nft", "/usr/bin/ss", "dig"):
        assert word not in found[0], word
    assert "/sbin/init" in found[0] or "init [2]" in found[0]


def test_many_probes_of_many_hosts(lab: Session) -> None:
    lab.close()
    probes = [
        File(host, f"/etc/{number}".encode(), 1000)
        for host in ("pc1", "r1", "pc2", "box")
        for number in range(50)
    ]
    started = time.monotonic()
    found = lab.observe(*probes)
    assert all(seen.failure is None for seen in found)
    assert time.monotonic() - started < 5
