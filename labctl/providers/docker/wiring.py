"""Cables from the fabric to containers and machines, and the boot that waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from labctl.plan import HostPlan, Plan
from labctl.providers.base import Placement, Report
from labctl.providers.docker import cabling
from labctl.providers.docker.daemon import Daemon
from labctl.providers.docker.helpers import WIRER
from labctl.providers.docker.hosts import Container, Containers


class Wiring:
    """Has the wirer lay cables."""

    def __init__(self, daemon: Daemon, containers: Containers) -> None:
        self._daemon = daemon
        self._containers = containers

    def wire(
        self,
        placement: Placement,
        plan: Plan,
        fabric: Container,
        started: list[tuple[HostPlan, Container]],
        *,
        first: bool,
        report: Report = lambda _: None,
    ) -> Placement:
        """Cables, preparation and boot for containers that wait at the gate; their pins.

        Raises `ProviderError` for a host that does not come up; after its first start only where
        that is shown to be our fault, since else it may be its owner's doing.
        """
        wirer = self._containers.ensure_helper(WIRER)
        request = cabling.wire_request(plan, fabric, started, first=first)
        own = {host.name: (container.id, container.started) for host, container in started}
        pins = dict(placement.pins)
        found_fabric = dict(placement.fabric)
        trouble: dict[str, str] = {}
        ours: set[str] = set(own)  # until the wirer has said what came of a host
        for answer in cabling.instruct(self._daemon, wirer, request, cabling.BOOT_SECONDS + 30):
            name = answer.get("host")
            if "fabric" in answer:
                places = {port: list(place) for port, place in cabling.ports(plan).items()}
                pinned = {**answer["fabric"], "id": fabric.id, "started": fabric.started}
                found_fabric = {"pins": pinned, "ports": places}
            elif name and "pins" in answer:
                ours.discard(name)
                pins[name] = {**answer["pins"], "id": own[name][0], "started": own[name][1]}
                report(f"{name} is ready")
            elif name:
                if "trouble" in answer and not answer.get("machinery"):
                    ours.discard(name)
                trouble[name] = str(
                    answer.get("trouble") or trouble.get(name) or answer.get("detail")
                )
        missing = [name for name in own if name not in pins and (first or name in ours)]
        if missing:
            told = "; ".join(f"{name}: {trouble.get(name, 'no answer')}" for name in missing)
            raise cabling.WiringBroke(
                f"Hosts did not come up: {told}.", "Try again; `labctl gc` removes what is left."
            )
        return replace(placement, pins=pins, fabric=found_fabric)

    def plug(self, session: str, plan: Plan, machines: Mapping[str, Mapping[str, str]]) -> None:
        """Bring the taps of virtual machines onto their networks.

        `machines` gives for each name of a QEMU guest its taps: the fabric's port → the tap's name.
        Raises `WiringBroke` if a machine or a tap of it is not there.
        """
        wirer = self._containers.ensure_helper(WIRER)
        fabric = self._containers.ensure_fabric(session)
        request = cabling.plug_request(plan, fabric, machines)
        list(cabling.instruct(self._daemon, wirer, request, cabling.BOOT_SECONDS))
