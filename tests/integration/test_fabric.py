"""The fabric on real hosts: the right cables and nothing else; machines that feel like machines."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from checkers.model import Processes
from labctl.errors import ProviderError
from labctl.plan import NetworkPlan, Plan
from tests.rig import Rig, Session, machine, plan, rig, wait_for


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("home")) as found:
        yield found


def lab() -> Plan:
    return plan(
        ["lan-a", "lan-b", NetworkPlan("hub", hub=True), NetworkPlan("small", mtu=1400)],
        machine("pc1", "lan-a", "hub"),
        machine("r1", "small", "lan-b", "lan-a", image="router"),
        machine("pc2", "lan-b", "hub", access="none"),
        machine("pc3", "lan-a", "hub"),
        machine("alone"),
    )


@pytest.fixture(scope="module")
def one(made: Rig) -> Session:
    return made.up(lab())


@pytest.fixture(scope="module")
def two(made: Rig) -> Session:
    return made.up(lab())


def links(session: Session, host: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(session.sh(host, "ip -j -d addr"))
    return found


# --------------------------------------------------------------------------- cables


@pytest.mark.parametrize("name", ["pc1", "r1", "pc2", "alone"])
def test_a_host_has_exactly_the_interfaces_of_the_plan(one: Session, name: str) -> None:
    lo, *rest = links(one, name)
    assert lo["ifname"] == "lo"
    assert [(link["ifname"], link["address"]) for link in rest] == [
        (port.interface, port.mac) for port in one.plan.host(name).ports
    ]
    for link in rest:
        assert "UP" in link["flags"]
        assert [each["scope"] for each in link["addr_info"] if each["family"] == "inet"] == []
        assert [each["scope"] for each in link["addr_info"]] == ["link"], "IPv6 is on"
    assert one.sh(name, "ip route; ip -6 route show default").strip() == ""


def test_an_mtu_is_the_networks(one: Session) -> None:
    assert [link["mtu"] for link in links(one, "r1")[1:]] == [1400, 1500, 1500]


def test_a_switch_hands_frames_on_and_a_hub_to_everybody(one: Session) -> None:
    """pc3 listens while pc1 talks to pc2 on the hub, and to r1 on the switch."""
    for host, hub, lan in (("pc1", 1, 1), ("pc2", 2, 2), ("pc3", 3, 3)):
        one.sh(host, f"ip addr add 10.8.0.{hub}/24 dev eth1")
        if host != "pc2":
            one.sh(host, f"ip addr add 10.7.0.{lan}/24 dev eth0")
    one.sh("r1", "ip addr add 10.7.0.9/24 dev eth2")
    one.sh("pc1", "ping -c1 10.7.0.9; ping -c1 10.8.0.2")  # neighbours are known from here on
    heard = listen(one, "pc3", "-i any icmp", lambda: talk(one))
    assert "10.8.0.1 > 10.8.0.2" in heard
    assert "10.8.0.2 > 10.8.0.1" in heard
    assert "10.7.0.9" not in heard
    one.sh("pc1", "ip addr flush dev eth0; ip addr flush dev eth1")


def talk(session: Session) -> None:
    session.sh("pc1", "ping -c2 -i0.2 10.7.0.9; ping -c2 -i0.2 10.8.0.2")


def listen(session: Session, host: str, what: str, meanwhile: Any) -> str:
    """What a capture on a host shows of what happens meanwhile."""
    start = (
        f"rm -f /tmp/cap; tcpdump -n -l {what} > /tmp/cap 2> /tmp/said & echo $! > /tmp/pid\n"
        "until grep -q listening /tmp/said; do sleep 0.02; done"
    )
    session.sh(host, start)
    meanwhile()
    return session.sh(host, "sleep 0.2; kill $(cat /tmp/pid); cat /tmp/cap")


def test_sessions_with_the_same_addresses_do_not_notice_each_other(
    one: Session, two: Session
) -> None:
    assert [link["address"] for link in links(one, "pc1")] == [
        link["address"] for link in links(two, "pc1")
    ]
    for session in (one, two):
        session.sh("pc1", "ip addr replace 10.6.0.1/24 dev eth0")
        session.sh("r1", "ip addr replace 10.6.0.9/24 dev eth2")

    def meanwhile() -> None:
        one.sh("pc1", "ip neigh flush all; ping -c3 -i0.2 10.6.0.9")
        one.sh("pc1", "ping -c1 -W1 -b 10.6.0.255", check=False)

    here: list[str] = []
    there = listen(two, "r1", "-i any", lambda: here.append(listen(one, "r1", "-i any", meanwhile)))
    assert "10.6.0" not in there, there
    assert "10.6.0.1 > 10.6.0.9" in here[0], "the capture hears what there is"
    assert "0% packet loss" in two.sh("pc1", "ping -c1 10.6.0.9")


# --------------------------------------------------------------------------- no way out


def addresses_of_the_server() -> list[str]:
    found = json.loads(subprocess.run(["ip", "-j", "addr"], capture_output=True, check=True).stdout)
    return [
        each["local"]
        for link in found
        for each in link["addr_info"]
        if each["family"] == "inet" and each["scope"] == "global"
    ]


@pytest.mark.parametrize("prepared", [False, True], ids=["as it is", "with routes of its own"])
def test_a_host_reaches_neither_the_server_nor_anything_outside(
    one: Session, prepared: bool
) -> None:
    targets = addresses_of_the_server()
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("0.0.0.0", 0)))
        port = listener.getsockname()[1]
        for target in targets:
            socket.create_connection((target, port), 2).close()
        if prepared:
            one.sh(
                "pc3", "ip addr replace 172.17.0.77/16 dev eth0; ip addr add 10.0.2.77/24 dev eth0"
            )
            one.sh("pc3", "ip route replace default dev eth0; ip -6 route add default dev eth0")
        wanted = [(target, port) for target in [*targets, "127.0.0.1"]]
        outside = ("169.254.169.254", "8.8.8.8", "172.17.0.1", "2001:4860:4860::8888")
        wanted += [(target, each) for target in outside for each in (22, 53, 80, 2375)]
        said = one.sh("pc3", "\n".join(tries(*each) for each in wanted) + "\nwait")
        assert "open" not in said
        assert said.count("shut") == len(wanted)
        assert accepted(listener) == len(targets)
    assert "no servers could be reached" in one.sh(
        "pc3", "dig +time=1 +tries=1 example.org", check=False
    )
    assert one.sh("pc3", "cat /etc/resolv.conf") == ""


def accepted(listener: socket.socket) -> int:
    """How many connections wait at a listener."""
    listener.settimeout(0)
    for number in itertools.count():
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return number
    raise AssertionError


def tries(address: str, port: int) -> str:
    connect = f"timeout 0.5 bash -c 'echo > /dev/tcp/{address}/{port}' 2> /dev/null"
    return f"{{ {connect} && echo open {address} {port} || echo shut; }} &"


def test_a_host_has_no_way_to_the_engine(one: Session) -> None:
    found = one.sh(
        "pc1", "find / -xdev \\( -type s -o -type b \\) 2>/dev/null; ls /run", check=False
    )
    assert "docker" not in found
    assert "containerd" not in found


# --------------------------------------------------------------------------- like a machine


def test_names_and_files_can_be_edited_and_stay(one: Session) -> None:
    one.sh(
        "pc1",
        "sed -i 's/^127.0.1.1.*/127.0.1.1 office/' /etc/hosts\n"
        "echo '10.9.9.9 printer' >> /etc/hosts\n"
        "echo nameserver 10.9.9.1 > /etc/new && mv /etc/new /etc/resolv.conf\n"
        "echo office > /etc/hostname\n"
        "rm -f /etc/motd; echo kept > /etc/kept; echo gone > /run/gone",
    )
    one.restart("pc1")
    assert "127.0.1.1 office" in one.sh("pc1", "cat /etc/hosts")
    assert "10.9.9.9" in one.sh("pc1", "getent hosts printer")
    assert one.sh("pc1", "cat /etc/resolv.conf") == "nameserver 10.9.9.1\n"
    assert one.sh("pc1", "hostname; uname -n; cat /etc/hostname").split() == ["office"] * 3
    assert one.sh("pc1", "cat /etc/kept") == "kept\n"
    assert [link["address"] for link in links(one, "pc1")[1:]] == [
        port.mac for port in one.plan.host("pc1").ports
    ]


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../../etc/passwd\n", "x" * 100, "-rf", "", "\x1b[31mred", "a b", "# only\n"],
)
def test_a_name_that_is_none_is_not_taken(one: Session, name: str) -> None:
    one.run("pc3", "/bin/sh", "-c", "cat > /etc/hostname", stdin=name.encode())
    one.restart("pc3")
    assert re.fullmatch(r"[A-Za-z0-9.-]+\n", one.sh("pc3", "hostname"))


def test_configuration_by_the_hosts_own_boot(one: Session) -> None:
    one.sh(
        "pc3",
        "printf 'auto eth0\\niface eth0 inet static\\n  address 10.5.0.3/24\\n' "
        "> /etc/network/interfaces.d/eth0; echo net.ipv4.ip_forward=1 > /etc/sysctl.d/x.conf",
    )
    one.restart("pc3")
    assert "10.5.0.3/24" in one.sh("pc3", "ip -br addr show eth0")
    assert one.sh("pc3", "cat /proc/sys/net/ipv4/ip_forward") == "1\n"


def test_the_kernel_can_be_taught_about_networks_and_nothing_else(one: Session) -> None:
    assert one.sh("r1", "cat /proc/sys/net/ipv4/ip_forward") == "0\n"
    assert "= 1" in one.sh("r1", "sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
    assert one.sh("pc1", "cat /proc/sys/net/ipv4/ip_forward") == "0\n"
    for path in (
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/panic",
        "/proc/sys/vm/drop_caches",
        "/proc/sys/fs/file-max",
        "/proc/sysrq-trigger",
        "/sys/kernel/mm/ksm/run",
    ):
        said = one.sh("r1", f"echo 1 > {path}", check=False)
        assert "Read-only" in said or "denied" in said or "nonexistent" in said, f"{path}: {said}"
    assert one.sh("pc1", "cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6") == "0\n"


def test_ipv6_works_between_hosts(one: Session) -> None:
    one.sh("pc1", "ip addr replace 2001:db8::1/64 dev eth0 nodad")
    one.sh("r1", "ip addr replace 2001:db8::9/64 dev eth2 nodad")
    assert "0% packet loss" in one.sh("pc1", "ping -c1 2001:db8::9")


@pytest.mark.parametrize("host", ["pc1", "r1"])
@pytest.mark.parametrize(
    "attempt",
    [
        "mount -t tmpfs none /mnt",
        "mount --bind /etc /mnt",
        "mount -o remount,rw /proc/sys",
        "umount /proc/sys",
        "unshare -n true",
        "unshare -m true",
        "unshare -U true",
        "unshare -p -f true",
        "nsenter -t 1 -n true",
        "nsenter -t 1 -m true",
        "mknod /tmp/disk b 8 0",
        "chroot /proc/1/root mount -t proc proc /mnt",
        "dmesg -c",
        "swapoff -a && swapon /dev/null",
        "modprobe dummy && ip link add d0 type dummy",
    ],
)
def test_a_candidate_gets_no_further(one: Session, host: str, attempt: str) -> None:
    result = one.run(host, "/bin/sh", "-c", attempt)
    assert result.exit != 0, result.stdout + result.stderr


# --------------------------------------------------------------------------- ends and begins


@pytest.mark.parametrize("command", ["reboot", "shutdown -r now", "kill -INT 1", "poweroff"])
def test_a_host_that_goes_down_comes_back_wired(two: Session, command: str) -> None:
    before = two.placement.pins["pc1"]
    two.sh("pc1", f"echo kept > /etc/kept; ip addr replace 10.4.0.1/24 dev eth0; {command}")
    started = time.monotonic()
    wait_for(lambda: two.states()["pc1"] == "stopped", "pc1 to go down")
    assert time.monotonic() - started < 10
    two.revive("pc1")
    assert two.states()["pc1"] == "running"
    assert two.placement.pins["pc1"]["id"] == before["id"]
    assert two.placement.pins["pc1"]["pid"] != before["pid"]
    assert [link["address"] for link in links(two, "pc1")[1:]] == [
        port.mac for port in two.plan.host("pc1").ports
    ]
    assert "10.4.0.1" not in two.sh("pc1", "ip addr")
    assert two.sh("pc1", "cat /etc/kept") == "kept\n"


@pytest.mark.parametrize("role", ["observer", "wirer"])
@pytest.mark.parametrize("fate", ["killed", "removed", "stopped", "paused"])
def test_a_helper_that_went_away_is_there_for_the_next_use(
    made: Rig, two: Session, role: str, fate: str
) -> None:
    helper = made.helper(role)
    acts = {
        "killed": helper.kill,
        "removed": lambda: helper.remove(force=True),
        "stopped": lambda: helper.stop(timeout=0),
        "paused": helper.pause,
    }
    acts[fate]()
    two.close()
    if role == "observer":
        assert two.file("pc1", "/etc/passwd").type == "file"
    else:
        two.restart("pc3")
        assert two.sh("pc3", "ip -br link show eth1").startswith("eth1@")


def test_helpers_of_two_versions_stand_side_by_side(
    made: Rig, two: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade while somebody is graded takes nothing from under the grading."""
    old = made.helper("observer")
    containers = made.provider._containers  # no image is built anew for a test
    image = containers.image("observer")
    newer = dataclasses.replace(image, tag=f"{image.tag[:-4]}beef")
    monkeypatch.setitem(containers._images, "observer", newer)
    two.close()
    assert two.file("pc1", "/etc/passwd").type == "file"
    old.reload()
    assert old.status == "running"
    wanted = [f"labctl.installation={made.installation}", "labctl.role=observer"]
    assert len(made.docker.containers.list(filters={"label": wanted})) == 2


def test_a_lab_that_this_server_cannot_run_is_refused_before_it_starts(made: Rig) -> None:
    lab = dataclasses.replace(plan(["lan"], machine("pc", "lan")), requires=("ipv6", "systemd"))
    before = {owned.session for owned in made.provider.owned()}
    with pytest.raises(ProviderError, match="containers run sysvinit and no systemd") as caught:
        made.up(lab)
    assert "another server" in caught.value.hint
    assert {owned.session for owned in made.provider.owned()} - before <= {None}


def test_when_the_networks_owner_dies_everything_is_wired_again(made: Rig, two: Session) -> None:
    two.sh("pc1", "echo kept > /etc/kept")
    made.docker.containers.get(two.container("net")).kill()
    wait_for(lambda: "eth0" not in two.sh("pc1", "ip -br link"), "the cables to go")
    assert set(two.states().values()) == {"stopped"}
    two.revive(*two.states())
    assert set(two.states().values()) == {"running"}
    for host in two.plan.hosts:
        assert [link["address"] for link in links(two, host.name)[1:]] == [
            port.mac for port in host.ports
        ]
    assert two.sh("pc1", "cat /etc/kept") == "kept\n"
    two.sh("pc1", "ip addr replace 10.6.0.1/24 dev eth0")
    two.sh("r1", "ip addr replace 10.6.0.9/24 dev eth2")
    assert two.ping("pc1", "10.6.0.9").sightings


def test_when_the_networks_owner_was_started_by_somebody_else(made: Rig, two: Session) -> None:
    made.docker.containers.get(two.container("net")).restart(timeout=0)
    assert set(two.states().values()) == {"stopped"}
    two.revive("pc1")
    assert set(two.states().values()) == {"running"}


def test_what_runs_as_recorded_is_left_alone(two: Session) -> None:
    two.sh("pc1", "ip addr replace 10.4.0.1/24 dev eth0")
    before = dict(two.placement.pins)
    two.revive("pc1", "r1")
    assert two.placement.pins == before
    assert "10.4.0.1" in two.sh("pc1", "ip addr")


@pytest.mark.parametrize("where", ["at its gate", "past its gate", "frozen"])
def test_a_host_that_somebody_else_started_is_started_anew(
    made: Rig, two: Session, where: str
) -> None:
    """As by an administrator, or by a command that was killed before it could record it."""
    recorded = two.placement
    if where != "at its gate":
        two.restart("pc1")
        if where == "frozen":
            two.provider.freeze_host(two.placement, "pc1")
        two.moved(recorded)
    else:
        made.docker.containers.get(two.container("pc1")).restart(timeout=5)
    assert two.states()["pc1"] == "stopped"
    assert "host changed" in two.failure(Processes("pc1")).reason
    started = time.monotonic()
    two.revive("pc1")
    assert time.monotonic() - started < 10
    assert two.states()["pc1"] == "running"
    assert "eth1@" in two.sh("pc1", "ip -br link")


def test_a_host_that_is_gone_is_not_made_again(made: Rig, two: Session) -> None:
    """A blank machine in its place would be marked as if it were somebody's work."""
    made.docker.containers.get(two.container("alone")).remove(force=True)
    assert two.states()["alone"] == "missing"
    two.revive("alone", "pc1")
    assert two.states()["alone"] == "missing"
    assert two.states()["pc1"] == "running"
    two.provider.expel(two.placement, ["alone", "pc1"])


# --------------------------------------------------------------------------- limits


def test_a_host_that_grabs_everything_harms_nobody_else(made: Rig) -> None:
    """A fork bomb and a memory hog at once: the others, the server and the examiner go on."""
    names = ("bomb", "hog", "good")
    session = made.up(plan(["lan"], *(machine(name, "lan") for name in names)))
    limits = made.docker.api.inspect_container(session.container("hog"))["HostConfig"]
    assert limits["Memory"] == limits["MemorySwap"] == 128 << 20
    session.sh("bomb", "setsid perl -e '{ fork; redo }' > /dev/null 2>&1 &")
    session.sh("hog", "(while :; do tail /dev/zero; done) > /dev/null 2>&1 &")
    most = {"bomb": 0, "hog": 0}

    def gone_off() -> bool:
        for use in session.provider.usage(session.placement):
            assert use.processes <= 256
            assert use.memory <= 128 << 20
            if use.host in most:
                size = use.processes if use.host == "bomb" else use.memory >> 20
                most[use.host] = max(most[use.host], size)
        return most["bomb"] > 200 and most["hog"] > 100

    wait_for(gone_off, "both to go off")
    assert "ok" in session.sh("good", "echo ok")
    for name in names:
        assert session.file(name, "/etc/passwd").type == "file"
    found = session.ask(Processes("bomb"))
    assert 1 <= len(found.processes) <= 256
    session.provider.freeze(session.placement)
    assert session.states() == dict.fromkeys(names, "frozen")
    session.close()
    made.provider.down(session.placement.session)


def test_a_hosts_share_of_the_processor_is_limited(one: Session) -> None:
    """Two loops for a second of time get half a processor between them (`cpus: 0.5`)."""
    loops = "for n in 1 2; do timeout 1 sh -c 'while :; do :; done' & done; wait; times"
    used = one.sh("pc1", loops, check=False).splitlines()[-1]
    seconds = sum(
        int(minutes) * 60 + float(rest) for minutes, rest in re.findall(r"(\d+)m([\d.]+)s", used)
    )
    assert 0.2 < seconds < 1.0


def test_a_large_file_is_put_whole(one: Session) -> None:
    content = bytes(range(256)) * (12 << 12)
    one.provider.put(one.placement, "pc1", "/root/large file", content, 0o640)
    found = one.file("pc1", "/root/large file", 16 << 20)
    assert (found.size, found.mode) == (len(content), 0o640)
    assert found.content == content
