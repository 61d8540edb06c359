"""A virtual machine until it is ready for its candidate: from a saved state, and from nothing.

Both sides are the provider's own `up` of one machine on no network, with its name, keys, addresses
and clock given to it inside the time. On the peer's side no saved state fits, so that it boots.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import stage
from benchmarks.measuring import Row, by_turns, clocked
from labctl.images.build import build
from labctl.plan import Plan
from labctl.providers.libvirt.domain import Machine
from labctl.providers.libvirt.provider import LibvirtProvider

SESSION = "bench-machine"
AT_MOST = 1 / 6


def rows(home: Path, turns: int) -> Iterator[Row]:
    """A warm start against the same machine's cold boot."""
    build(("observer", "wirer", "net", "machine"))
    plan = _plan()
    provider = LibvirtProvider(stage.INSTALLATION, home)
    try:
        _up(provider, plan)  # the state is saved, and the helpers are there
        warm, cold = by_turns(turns, lambda: _up(provider, plan), lambda: _cold(provider, plan))
    finally:
        provider.down(SESSION)
        provider.tidy()
        provider.close()
    yield Row(
        "a virtual machine ready, from its saved state", warm, "its own cold boot", cold, AT_MOST
    )


def _plan() -> Plan:
    plan = stage.plan(1, 0)
    (host,) = plan.hosts
    return replace(plan, provider="libvirt", hosts=(replace(host, image="machine", ports=()),))


def _up(provider: LibvirtProvider, plan: Plan) -> float:
    """Seconds until the machine is ready; removing the one before is not counted."""
    provider.down(SESSION)
    return clocked(lambda: provider.up(SESSION, plan, lambda _: None))


def _cold(provider: LibvirtProvider, plan: Plan) -> float:
    with _no_saved_state():
        return _up(provider, plan)


@contextmanager
def _no_saved_state() -> Iterator[Any]:
    with mock.patch.object(Machine, "can_start_warm", property(lambda _: False)) as patched:
        yield patched
