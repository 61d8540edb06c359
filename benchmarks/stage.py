"""Our side: the product's own provider and plans, in a state directory of their own.

Everything made here carries one installation id, which no store of labctl's ever draws (they draw
hexadecimal digits), so it can be told from a person's sessions and removed after a killed run.
"""

from __future__ import annotations

from pathlib import Path

from labctl.plan import Access, HostPlan, NetworkPlan, Plan, PortPlan
from labctl.providers.base import Placement
from labctl.providers.docker.provider import DockerProvider

INSTALLATION = "benchmarks"
KEEPER = "bench-keeper"
"""A session of one host: while it is there, the helpers stay."""

LOOKS = 5


def provider(home: Path) -> DockerProvider:
    """A provider that has spoken to nobody yet."""
    return DockerProvider(INSTALLATION, home)


def plan(hosts: int, networks: int) -> Plan:
    """Hosts of the image `host`, spread evenly over the networks, one interface each."""
    segments = tuple(NetworkPlan(f"n{number}") for number in range(networks))
    machines = tuple(
        HostPlan(
            name=f"h{number}",
            image="host",
            access=Access.ROOT,
            ports=(PortPlan(f"n{number % networks}", "eth0", f"02:00:00:00:00:{number:02x}"),)
            if networks
            else (),
        )
        for number in range(hosts)
    )
    return Plan(
        lab="benchmark",
        title="benchmark",
        summary="",
        area="networking",
        level=2,
        seed=1,
        provider="docker",
        duration=3600,
        pass_mark="all",
        lab_digest="",
        values={},
        variables={},
        networks=segments,
        hosts=machines,
        tasks=(),
    )


def up(home: Path, code: str, hosts: int, networks: int) -> Placement:
    """A session that is up, by a provider that is closed again."""
    used = provider(home)
    try:
        return used.up(code, plan(hosts, networks), lambda _: None)
    finally:
        used.close()


def down(home: Path, code: str) -> None:
    """Remove a session; the helpers go with the last one."""
    used = provider(home)
    try:
        used.down(code)
    finally:
        used.close()


def clear(home: Path) -> None:
    """Remove everything that this or an earlier, killed run made.

    Looks again until there is nothing: the engine finishes what a killed process had asked it for.
    """
    used = provider(home)
    try:
        looks = 0
        while owned := used.owned():
            looks += 1
            if looks > LOOKS:
                raise RuntimeError(f"these could not be removed: {owned}")
            for code in {thing.session for thing in owned if thing.session}:
                used.down(code)
            used.tidy()
    finally:
        used.close()
