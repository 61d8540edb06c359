"""Hosts made from our images, with their own limits, capabilities and profile."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest

from labctl.images.build import build, resolve
from labctl.images.daemon import connect

BOOT_SECONDS = 20.0

TAUGHT_WITH = (
    "nano vim less man ip ifup ping traceroute dig nc curl wget tcpdump nft iptables ss ps top"
    " pstree lsof file tree crontab sudo visudo passwd useradd getfacl ssh sshd sysctl"
)
EXAMINED_WITH = "curl dig nmap tcpdump ping traceroute nc ip ifup"

# Numbers of system calls on x86_64, and arguments; perl makes them without a program's own checks.
EPERM, ENOSYS = 1, 38
CALLS = {
    "clone (CLONE_NEWUSER)": ("56, 0x10000011, 0, 0, 0, 0", EPERM),
    "clone (CLONE_NEWNS)": ("56, 0x00020011, 0, 0, 0, 0", EPERM),
    "clone3": ("435, 0, 0", ENOSYS),
    "ptrace": ("101, 0, 0, 0, 0", EPERM),
    "pivot_root": ("155, 0, 0", EPERM),
    "mount": ("165, 0, 0, 0, 0, 0", EPERM),
    "add_key": ("248, 0, 0, 0, 0, 0", EPERM),
    "keyctl": ("250, 0, 0, 0, 0, 0", EPERM),
    "unshare": ("272, 0", EPERM),
    "perf_event_open": ("298, 0, 0, 0, 0, 0", EPERM),
    "open_by_handle_at": ("304, 0, 0, 0", EPERM),
    "setns": ("308, 0, 0", EPERM),
    "process_vm_readv": ("310, 0, 0, 0, 0, 0, 0", EPERM),
    "bpf": ("321, 0, 0, 0", EPERM),
    "userfaultfd": ("323, 0", EPERM),
    "io_uring_setup": ("425, 0, 0", EPERM),
    "open_tree": ("428, 0, 0, 0", EPERM),
    "move_mount": ("429, 0, 0, 0, 0, 0", EPERM),
    "fsopen": ("430, 0, 0", EPERM),
    "mount_setattr": ("442, 0, 0, 0, 0, 0", EPERM),
    "socket (AF_ALG)": ("41, 38, 5, 0", EPERM),
    "socket (AF_VSOCK)": ("41, 40, 1, 0", EPERM),
}


class Machine:
    """A container that boots as the provider's hosts do, without networks."""

    def __init__(self, client: docker.DockerClient, image: str) -> None:
        found = resolve(image, client=client)
        self.api = client.api
        options = client.api.create_host_config(
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=list(found.defaults.capabilities),
            mem_limit=found.defaults.memory,
            pids_limit=found.defaults.pids,
            security_opt=[f"seccomp={found.defaults.seccomp}"],
        )
        # As the provider does: what the last boot left says nothing of this one.
        first = ["/bin/sh", "-c", "rm -f /run/boot-complete; exec /sbin/init"]
        made = client.api.create_container(found.id, first, hostname="pc1", host_config=options)
        self.id: str = made["Id"]

    def start(self) -> None:
        self.api.start(self.id)
        booted = "grep -qx init /proc/1/comm && test -e /run/boot-complete"
        self.until(lambda: self.run("sh", "-c", booted)[0] == 0, "boot")

    def run(self, *argv: str, user: str = "root") -> tuple[int, str]:
        """Exit status and both streams of a program run in the host."""
        made = self.api.exec_create(self.id, list(argv), user=user)
        output = self.api.exec_start(made["Id"])
        return self.api.exec_inspect(made["Id"])["ExitCode"], output.decode()

    def sh(self, script: str, user: str = "root") -> str:
        """What a shell script prints; its failure fails the test."""
        status, output = self.run("/bin/sh", "-ec", script, user=user)
        assert status == 0, output
        return output

    def status(self) -> dict[str, Any]:
        state: dict[str, Any] = self.api.inspect_container(self.id)["State"]
        return state

    def until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, (
                f"{what}: {self.status()} {self.api.logs(self.id)!r}"
            )

    def ended(self) -> None:
        self.until(lambda: not self.status()["Running"], "end")

    def remove(self) -> None:
        self.api.remove_container(self.id, force=True, v=True)


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    connected = connect()
    build(["host", "router", "examiner"])
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def machines(client: docker.DockerClient) -> Iterator[dict[str, Machine]]:
    made: dict[str, Machine] = {}
    try:
        for image in ("host", "router", "examiner"):
            made[image] = Machine(client, image)
            made[image].start()
        yield made
    finally:
        for machine in made.values():
            machine.remove()


@pytest.fixture
def host(machines: dict[str, Machine]) -> Machine:
    return machines["host"]


@pytest.fixture
def fresh(client: docker.DockerClient) -> Iterator[Machine]:
    machine = Machine(client, "host")
    try:
        machine.start()
        yield machine
    finally:
        machine.remove()


@pytest.mark.parametrize("image", ["host", "router", "examiner"])
@pytest.mark.parametrize(
    "act",
    [
        "mount -t tmpfs none /mnt",
        "mount --bind /tmp /mnt",
        "umount /proc/sys",
        "unshare --net true",
        "unshare --user true",
        "unshare --mount true",
        "nsenter --target 1 --net true",
        "nsenter --target 1 --mount true",
        "pivot_root / /mnt",
        "mknod /tmp/disk b 8 0",
        "dmesg",
        "date --set=2000-01-01",
    ],
)
def test_root_is_refused(machines: dict[str, Machine], image: str, act: str) -> None:
    status, output = machines[image].run(*act.split())
    assert status != 0
    assert any(
        word in output.lower()
        for word in ("not permitted", "permission denied", "must be superuser")
    ), output


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are x86_64's")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("image", ["host", "router"])
def test_the_kernel_is_not_even_asked(machines: dict[str, Machine], image: str, call: str) -> None:
    arguments, errno = CALLS[call]
    printed = machines[image].sh(f"perl -e 'print syscall({arguments}), q( ), $! + 0'")
    assert printed == f"-1 {errno}"


@pytest.mark.parametrize("image", ["host", "router"])
def test_what_is_taught_works(machines: dict[str, Machine], image: str) -> None:
    machine = machines[image]
    assert "1 received" in machine.sh("ping -c 1 -W 2 127.0.0.1")
    machine.sh(
        "nft add table inet lab; nft add chain inet lab in '{ type filter hook input priority 0; }'"
    )
    assert "chain in" in machine.sh("nft list ruleset")
    machine.sh("iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j SNAT --to 10.1.1.1")
    assert "SNAT" in machine.sh("iptables -t nat -S")
    machine.sh("ip link set lo down; ip link set lo up; ip addr add 10.9.9.9/32 dev lo")
    machine.sh("iptables -t nat -F; nft flush ruleset")
    machine.sh(
        "useradd -m -s /bin/bash dilys; adduser --quiet dilys sudo; echo dilys:secret | chpasswd"
    )
    assert machine.sh("echo secret | sudo -S -p '' id -u", user="dilys").strip().endswith("0")
    assert "1 received" in machine.sh("ping -c 1 -W 2 127.0.0.1", user="dilys")
    machine.sh("setfacl -m u:dilys:rw /etc/motd; getfacl /etc/motd | grep -q dilys:rw")


def test_a_candidate_finds_what_is_taught_with(host: Machine) -> None:
    for program in TAUGHT_WITH.split():
        host.sh(f"command -v {program}")
    assert "list directory contents" in host.sh("man ls | cat")
    assert "ip-address" in host.sh("man -k ip-address")
    assert host.sh("locale charmap").strip() == "UTF-8"
    assert host.sh("ls /usr/share/doc/bash/README*").strip()
    assert host.sh("bash -ic 'complete -p systemctl; type _init_completion' 2>&1").count(
        "systemctl"
    )


def test_nothing_of_the_build_is_left(host: Machine) -> None:
    found = host.sh("grep -rhv '^#' /etc/apt/sources.list /etc/apt/sources.list.d || true")
    assert found == ""
    assert (
        host.sh(
            "find /var/lib/apt/lists /var/cache/apt -type f; ls /etc/ssh/ssh_host_* 2>&1 || true"
        ).count("\n")
        == 1
    )
    for path in (
        "/usr/sbin/policy-rc.d",
        "/tmp/build",
        "/run/systemd",
        "/etc/init.d/halt.dpkg-dist",
    ):
        host.sh(f"! test -e {path}")
    assert host.sh("cat /etc/machine-id") == ""


def test_logs_are_kept(host: Machine) -> None:
    host.sh("logger -t lab hello")
    host.until(lambda: "lab: hello" in host.sh("cat /var/log/syslog"), "log")


def test_the_boot_and_the_end(fresh: Machine) -> None:
    running = fresh.sh("ps -e -o comm=").split()
    assert {"init", "rsyslogd", "cron"} <= set(running)
    assert not {"getty", "agetty", "sshd", "sulogin"} & set(running)
    fresh.sh(
        "touch /srv/stays /tmp/goes /run/goes.pid; echo 'touch /srv/booted' > /etc/init.d/mine"
    )
    for how in (["reboot"], ["systemctl", "reboot"], ["poweroff"], ["shutdown", "-r", "now"]):
        fresh.run(*how)
        fresh.ended()
        fresh.start()
    fresh.sh("test -e /srv/stays; ! test -e /tmp/goes; ! test -e /run/goes.pid")
    began = time.monotonic()
    fresh.api.stop(fresh.id, timeout=10)
    assert time.monotonic() - began < 5, "stopped by force"
    assert fresh.status()["ExitCode"] == 130  # ended by its own halt, not by SIGKILL (137)


def test_services_of_ones_own_start_at_boot(fresh: Machine) -> None:
    fresh.sh(
        "printf '%s\\n' '#!/bin/sh' '### BEGIN INIT INFO' '# Provides: mine'"
        " '# Required-Start: $all'"
        " '# Required-Stop:' '# Default-Start: 2 3 4 5' '# Default-Stop: 0 6'"
        " '# Short-Description: my own' '### END INIT INFO'"
        " 'case $1 in start) date > /srv/started;; stop) date > /srv/stopped;; esac'"
        " > /etc/init.d/mine; chmod 755 /etc/init.d/mine; systemctl enable mine"
    )
    fresh.run("reboot")
    fresh.ended()
    fresh.start()
    fresh.sh("test -s /srv/started; test -s /srv/stopped; systemctl is-enabled mine")


def test_sshd_makes_keys_of_its_own(fresh: Machine) -> None:
    assert fresh.run("systemctl", "is-enabled", "ssh") == (1, "disabled\n")
    fresh.sh("systemctl enable --now ssh; systemctl is-active ssh")
    fresh.sh(
        "test -s /etc/ssh/ssh_host_ed25519_key; ssh-keyscan 127.0.0.1 2>/dev/null | grep -q ed25519"
    )
    first = fresh.sh("cat /etc/ssh/ssh_host_ed25519_key.pub")
    fresh.run("reboot")
    fresh.ended()
    fresh.start()
    assert fresh.sh("systemctl is-active sshd.service") == "active\n"
    assert fresh.sh("cat /etc/ssh/ssh_host_ed25519_key.pub") == first


@pytest.mark.parametrize(
    "argv, status, said",
    [
        ("status cron", 0, "Active: active (running) since"),
        ("status cron.service", 0, "Loaded: loaded (/etc/init.d/cron; enabled)"),
        ("status networking", 0, "active (exited)"),
        ("status nftables", 3, "Active: inactive (dead)"),
        ("status nope", 4, "Unit nope.service could not be found."),
        ("start nope", 5, "Failed to start nope.service: Unit nope.service not found."),
        ("stop ../x", 5, "not found"),
        ("restart cron", 0, ""),
        ("reload cron", 0, ""),
        ("is-active cron nope", 0, "active\ninactive\n"),
        ("is-active ssh", 3, "inactive\n"),
        ("is-active nope", 4, "inactive\n"),
        ("is-active --quiet ssh", 3, ""),
        ("is-failed cron", 1, "active\n"),
        ("is-enabled cron", 0, "enabled\n"),
        ("is-enabled nope", 1, "Failed to get unit file state for nope.service"),
        ("cat cron", 0, "# /etc/init.d/cron\n"),
        ("list-units --type=service --no-pager", 0, "rsyslog.service"),
        ("list-unit-files", 0, "ssh.service"),
        ("daemon-reload", 0, ""),
        ("edit cron", 1, "this machine boots with sysvinit"),
        ("start x.timer", 1, "this machine boots with sysvinit"),
        ("--user status", 1, "this machine boots with sysvinit"),
        ("frobnicate", 1, "Unknown command verb frobnicate."),
        ("start", 1, "Too few arguments."),
        ("status --frob", 1, "unrecognized option '--frob'"),
        ("--help", 0, "list-unit-files"),
    ],
)
def test_systemctl(host: Machine, argv: str, status: int, said: str) -> None:
    found, output = host.run("systemctl", *argv.split())
    assert found == status, output
    assert said in output if said else output == ""


def test_systemctl_needs_root(host: Machine) -> None:
    status, output = host.run("systemctl", "restart", "cron", user="nobody")
    assert status == 1
    assert "Access denied" in output
    assert host.run("systemctl", "is-active", "cron", user="nobody") == (0, "active\n")


def test_enabled_is_what_the_next_boot_starts(fresh: Machine) -> None:
    assert "Removed" in fresh.sh("systemctl disable --now cron")
    assert "Created symlink" in fresh.sh("systemctl enable nftables")
    fresh.sh("systemctl mask rsyslog; systemctl stop rsyslog")
    assert fresh.run("service", "rsyslog", "start")[0] != 0
    for state, unit in (("disabled", "cron"), ("enabled", "nftables"), ("masked", "rsyslog")):
        assert fresh.run("systemctl", "is-enabled", unit)[1] == f"{state}\n"
    fresh.sh("echo 'table inet mine {}' > /etc/nftables.conf")
    fresh.run("reboot")
    fresh.ended()
    fresh.start()
    running = fresh.sh("ps -e -o comm=").split()
    assert not {"cron", "rsyslogd"} & set(running)
    assert "table inet mine" in fresh.sh("nft list ruleset")
    assert fresh.run("systemctl", "start", "rsyslog")[1].startswith(
        "Failed to start rsyslog.service"
    )
    fresh.sh("systemctl unmask rsyslog; systemctl start rsyslog; systemctl is-enabled rsyslog")
    assert fresh.sh("systemctl disable nftables; systemctl enable cron").count("symlink") >= 1


def test_a_unit_file_of_ones_own_is_answered(fresh: Machine) -> None:
    fresh.sh("mkdir -p /etc/systemd/system; echo '[Service]' > /etc/systemd/system/web.service")
    for argv, status in ((["start", "web"], 5), (["enable", "web"], 1), (["status", "web"], 4)):
        found, output = fresh.run("systemctl", *argv)
        assert found == status
        assert "this machine boots with sysvinit" in output
    assert "web.service is not read" in fresh.sh("systemctl daemon-reload 2>&1")


def test_a_service_that_does_not_start_is_told(fresh: Machine) -> None:
    fresh.sh("systemctl stop ssh; echo 'Frob yes' >> /etc/ssh/sshd_config")
    status, output = fresh.run("systemctl", "start", "ssh")
    assert status == 1
    assert "Job for ssh.service failed" in output
    assert "Frob" in output


def test_the_router_routes(machines: dict[str, Machine]) -> None:
    router = machines["router"]
    running = router.sh("ps -e -o comm=").split()
    assert {"zebra", "staticd", "watchfrr"} <= set(running)
    router.sh(
        "vtysh -c 'configure terminal' -c 'ip route 192.0.2.0/24 blackhole' -c end"
        " -c 'write memory'"
    )
    router.until(lambda: "192.0.2.0/24" in router.sh("ip route show"), "zebra's route")
    assert "S>* 192.0.2.0/24" in router.sh("vtysh -c 'show ip route'")
    router.sh("sed -i 's/^ospfd=no/ospfd=yes/' /etc/frr/daemons; systemctl restart frr")
    assert "ospfd" in router.sh("ps -e -o comm=")
    assert router.run("systemctl", "status", "frr")[0] == 0
    router.sh("conntrack -L")


def test_the_examiner_has_its_programs(machines: dict[str, Machine]) -> None:
    examiner = machines["examiner"]
    for program in EXAMINED_WITH.split():
        examiner.sh(f"command -v {program}")
    assert "Nmap done" in examiner.sh("nmap -sT -p 22 127.0.0.1")
    assert "Nmap done" in examiner.sh("nmap -sS -p 22 127.0.0.1")


def test_php_restarts_where_it_has_not_been_started_since_boot(
    client: docker.DockerClient,
) -> None:
    build(["web-server"])
    machine = Machine(client, "web-server")
    try:
        machine.start()
        assert "php" not in machine.sh("ls /run")
        for _ in range(2):
            machine.sh("service php8.2-fpm restart")
            assert machine.run("service", "php8.2-fpm", "status")[0] == 0
        assert machine.sh("stat -c %U /run/php").strip() == "www-data"
    finally:
        machine.remove()
