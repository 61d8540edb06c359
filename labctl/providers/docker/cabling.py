"""The wirer's requests, from a plan, and its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labctl.errors import ProviderError
from labctl.plan import HostPlan, NetworkPlan, Plan
from labctl.providers.docker.daemon import Daemon
from labctl.providers.docker.hosts import Container
from labctl.providers.docker.streams import ExecStream

WIRER = ("/usr/bin/env", "-C", "/opt/labctl", "/usr/bin/python3", "-E", "-s", "-S", "-m", "wirer")
BOOT_SECONDS = 45.0
ABILITY_SECONDS = 30.0


class WiringBroke(ProviderError):
    """Hosts were not brought onto their networks, and that is not shown to be their own doing."""


def bridges(plan: Plan) -> dict[str, str]:
    """The bridge that each network is in the fabric."""
    return {network.name: f"b{number}" for number, network in enumerate(plan.networks)}


def ports(plan: Plan) -> dict[str, tuple[str, str]]:
    """The fabric's ports: interface name there → (host, network) at the other end."""
    found = [(host.name, port.network) for host in plan.hosts for port in host.ports]
    return {f"p{number}": place for number, place in enumerate(found)}


def wire_request(
    plan: Plan, fabric: Container, started: Sequence[tuple[HostPlan, Container]], *, first: bool
) -> dict[str, Any]:
    """What the wirer is to do for hosts whose containers were just started."""
    by_network = bridges(plan)
    networks = {network.name: network for network in plan.networks}
    names: dict[str, list[str]] = {host.name: [] for host in plan.hosts}
    for name, (host_name, _) in ports(plan).items():
        names[host_name].append(name)
    return {
        "act": "wire",
        "seconds": BOOT_SECONDS,
        "fabric": {"pid": fabric.pid},
        "networks": [_network(by_network[network.name], network) for network in plan.networks],
        "hosts": [
            {
                "name": host.name,
                "pid": container.pid,
                "gate": True,
                "interfaces": [port.interface for port in host.ports],
                "files": _first_files(host) if first else {},
                "ports": [
                    {
                        "port": name,
                        "bridge": by_network[port.network],
                        "interface": port.interface,
                        "mac": port.mac,
                        "mtu": networks[port.network].mtu,
                    }
                    for name, port in zip(names[host.name], host.ports, strict=True)
                ],
            }
            for host, container in started
        ],
    }


def plug_request(
    plan: Plan, fabric: Container, machines: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """What the wirer is to do with the taps (port → tap) of QEMU guests that have just started."""
    by_network = bridges(plan)
    networks = {network.name: network for network in plan.networks}
    places = ports(plan)
    return {
        "act": "plug",
        "fabric": {"pid": fabric.pid},
        "networks": [_network(by_network[network.name], network) for network in plan.networks],
        "machines": [
            {
                "guest": guest,
                "taps": [
                    {
                        "tap": tap,
                        "port": port,
                        "bridge": by_network[places[port][1]],
                        "mtu": networks[places[port][1]].mtu,
                    }
                    for port, tap in taps.items()
                ],
            }
            for guest, taps in machines.items()
        ],
    }


def _network(bridge: str, network: NetworkPlan) -> dict[str, Any]:
    return {
        "bridge": bridge,
        "hub": network.hub,
        "delay_ms": network.delay_ms,
        "loss": network.loss,
        "rate_bits": network.rate_bits,
    }


def _first_files(host: HostPlan) -> dict[str, str]:
    """The files that Docker stood in the way of, as a fresh machine has them."""
    return {
        "/etc/hostname": f"{host.name}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n127.0.1.1\t{host.name}\n\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n",
        "/etc/resolv.conf": "",
    }


LACKING = {
    "netem": "its kernel cannot delay or lose packets (no netem)",
    "tbf": "its kernel cannot limit a network's rate (no tbf)",
    "ipv6": "its kernel has no IPv6",
    "systemd": "containers run sysvinit and no systemd",
    "kvm": "containers have no processors of their own to virtualise",
    "md": "containers have no disks of their own",
    "device-mapper": "containers have no disks of their own",
}


def demand(daemon: Daemon, wirer: Container, plan: Plan) -> None:
    """Raise `ProviderError` if the lab needs something that this server cannot give its hosts."""
    if not plan.requires:
        return
    (answer,) = instruct(daemon, wirer, {"act": "abilities"}, ABILITY_SECONDS)
    lacking = [name for name in plan.requires if not answer["abilities"].get(name)]
    if lacking:
        told = "; ".join(LACKING.get(name, f"it has no {name}") for name in lacking)
        raise ProviderError(
            f"The lab `{plan.lab}` cannot run on this server: {told}.",
            "Run it on another server, or as a lab in virtual machines (`provider: libvirt`).",
        )


def instruct(
    daemon: Daemon, wirer: Container, request: dict[str, Any], seconds: float
) -> Iterator[dict[str, Any]]:
    """Give the wirer one request and yield its answers; raises `ProviderError` if it refuses."""
    with ExecStream(daemon.api, wirer.id, WIRER) as stream:
        stream.settimeout(seconds)
        stream.sendall(json.dumps(request).encode())
        stream.end_input()
        pending = b""
        try:
            while part := stream.recv(1 << 16):
                *lines, pending = (pending + part).split(b"\n")
                for line in lines:
                    answer = json.loads(line)
                    if "trouble" in answer and "host" not in answer:
                        raise WiringBroke(f"The hosts could not be wired: {answer['trouble']}.")
                    yield answer
        except TimeoutError as error:
            raise WiringBroke(f"The wirer did not answer within {seconds:g} s.") from error
        if stream.errors:
            said = stream.errors.decode("utf-8", "replace").strip().splitlines()[-1]
            raise WiringBroke(f"The wirer broke off: {said}")
