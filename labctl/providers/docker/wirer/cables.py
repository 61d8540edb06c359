"""Bridges in the fabric's network namespace, and a cable from each port into a host.

A bridge there never meets the server's own packet filter, has no address, and says nothing of its
own accord (no spanning tree, no multicast queries, no IPv6).
"""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from checkers.agent import system

CLEAR_SECONDS = 10.0


class CannotWire(Exception):
    """`ip` or `tc` refused; the text is what it said."""


def _batch(program: str, lines: list[str]) -> None:
    """Run many commands of `ip` or `tc` at once, in the network namespace that we are in."""
    if not lines:
        return
    done = subprocess.run(
        [program, "-batch", "-"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        raise CannotWire(done.stderr.strip() or f"{program} ended with {done.returncode}")


def lay(fabric: int, own: int, networks: list[dict[str, Any]], ports: list[dict[str, Any]]) -> None:
    """Make what is missing of the bridges, and every cable, in one batch.

    `fabric` and `own` are descriptors of network namespaces; we are back in `own` afterwards.
    """
    system.setns(fabric, system.CLONE_NEWNET)
    try:
        there = _interfaces()
        new = [network for network in networks if network["bridge"] not in there]
        _clear({port["port"] for port in ports} & there)
        _batch("ip", [*_bridges(new), *_cables(ports)])
        _batch("tc", _imperfections(networks, ports))
    finally:
        system.setns(own, system.CLONE_NEWNET)


def plug(
    fabric: tuple[int, int],
    own: int,
    networks: list[dict[str, Any]],
    guests: list[tuple[int, list[dict[str, Any]]]],
) -> None:
    """Move the taps of virtual machines into the fabric, each to its bridge.

    `fabric` is a process there and a descriptor of its network namespace; `guests` are pairs of a
    descriptor of the namespace in which a QEMU runs and its taps. We are back in `own` afterwards.
    """
    number, inside = fabric
    every = [tap for _, taps in guests for tap in taps]
    try:
        system.setns(inside, system.CLONE_NEWNET)
        _clear({tap["port"] for tap in every} & _interfaces())
        for namespace, taps in guests:
            system.setns(namespace, system.CLONE_NEWNET)
            _batch(
                "ip", [f"link set {tap['tap']} netns {number} name {tap['port']}" for tap in taps]
            )
        system.setns(inside, system.CLONE_NEWNET)
        lines = []
        for tap in every:
            mtu = f" mtu {tap['mtu']}" if tap["mtu"] else ""
            lines.append(f"link set {tap['port']}{mtu} master {tap['bridge']} up")
        _batch("ip", lines)
        _batch("tc", _imperfections(networks, every))
    finally:
        system.setns(own, system.CLONE_NEWNET)


def _clear(names: set[str]) -> None:
    """Take away old cables; one whose host has ended is going by itself, sooner or later."""
    until = time.monotonic() + CLEAR_SECONDS
    while left := names & _interfaces():
        lines = "".join(f"link del {name}\n" for name in left)
        subprocess.run(
            ["ip", "-force", "-batch", "-"],
            input=lines,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if time.monotonic() > until:
            raise CannotWire(f"old cables could not be taken away: {', '.join(sorted(left))}")


def _interfaces() -> set[str]:
    lines = Path("/proc/self/net/dev").read_text(encoding="ascii").splitlines()
    return {line.partition(":")[0].strip() for line in lines if ":" in line}


def _bridges(networks: list[dict[str, Any]]) -> list[str]:
    lines = []
    for network in networks:
        name = network["bridge"]
        # A hub forgets every address at once, and so floods every frame to every port.
        ageing = " ageing_time 0" if network["hub"] else ""
        lines.append(f"link add {name} type bridge forward_delay 0 mcast_snooping 0{ageing}")
        lines.append(f"link set {name} up")
    return lines


def _cables(ports: list[dict[str, Any]]) -> list[str]:
    lines = []
    for port in ports:
        mtu = f" mtu {port['mtu']}" if port["mtu"] else ""
        lines.append(
            f"link add {port['port']}{mtu} type veth peer name {port['interface']}"
            f" address {port['mac']}{mtu} netns {port['pid']}"
        )
        lines.append(f"link set {port['port']} master {port['bridge']} up")
    return lines


def _imperfections(networks: list[dict[str, Any]], ports: list[dict[str, Any]]) -> list[str]:
    """Delay, loss and rate, on the way out of each port; `tc` says no where the kernel cannot."""
    lines = []
    for network in networks:
        for port in ports:
            if port["bridge"] != network["bridge"]:
                continue
            name, parent = port["port"], "root"
            if network["delay_ms"] or network["loss"]:
                delay = f" delay {network['delay_ms'] or 0}ms"
                lines.append(
                    f"qdisc add dev {name} root handle 1: netem{delay} loss {network['loss'] or 0}%"
                )
                parent = "parent 1:"
            if network["rate_bits"]:
                rate = int(network["rate_bits"])
                burst = max(rate // 800, 3000)
                lines.append(
                    f"qdisc add dev {name} {parent} tbf rate {rate}bit burst {burst} latency 200ms"
                )
    return lines


PARENT = "try1"
"""A link to stand on: the loopback interface carries no other."""
QUEUES = {
    "netem": ("netem", "delay", "1ms"),
    "tbf": ("tbf", "rate", "1mbit", "burst", "32kbit", "latency", "50ms"),
}
LINKS = {
    "bonding": ("type", "bond"),
    "dummy": ("type", "dummy"),
    "macvlan": ("link", PARENT, "type", "macvlan"),
    "vlan": ("link", PARENT, "type", "vlan", "id", "2"),
    "vxlan": ("type", "vxlan", "id", "2", "dstport", "4789"),
    "wireguard": ("type", "wireguard"),
}
NETLINK_NETFILTER = 12


def abilities() -> dict[str, bool]:
    """What this kernel can do for networks, each tried in our own network namespace."""
    found = {"ipv6": Path("/proc/net/if_inet6").exists(), "nftables": _has_netfilter()}
    for name, words in QUEUES.items():
        found[name] = _works("tc", "qdisc", "add", "dev", "lo", "root", *words)
        if found[name]:
            _works("tc", "qdisc", "del", "dev", "lo", "root")
    _works("ip", "link", "add", PARENT, "type", "veth", "peer", "name", "try2")
    for name, words in LINKS.items():
        found[name] = _works("ip", "link", "add", *_named(words))
        if found[name]:
            _works("ip", "link", "del", "try0")
    _works("ip", "link", "del", PARENT)
    return found


def _named(words: tuple[str, ...]) -> tuple[str, ...]:
    """A link's options with its name in the place where ip(8) wants it."""
    at = words.index("type")
    return (*words[:at], "name", "try0", *words[at:])


def _works(*argv: str) -> bool:
    done = subprocess.run(argv, capture_output=True, check=False, timeout=10)
    return done.returncode == 0


def _has_netfilter() -> bool:
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER).close()
    except OSError:
        return False
    return True
