"""A lab of one virtual machine, `box`, as a provider has it, and hands on its hardware."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from labctl.hardware import HardwarePlan
from labctl.images.build import build
from labctl.plan import Plan
from labctl.providers.base import Placement
from labctl.providers.libvirt.provider import LibvirtProvider
from tests.rig import IMAGES, machine, plan


class OneMachine:
    """The machine, up and whole."""

    def __init__(self, home: Path, hardware: HardwarePlan, *networks: str) -> None:
        build((*IMAGES, "machine"))
        self.provider = LibvirtProvider(secrets.token_hex(8), home)
        made = plan(list(networks), machine("box", *networks, image="machine"), provider="libvirt")
        self.plan: Plan = replace(made, hosts=(replace(made.hosts[0], hardware=hardware),))
        self.placement: Placement = self.provider.up(
            secrets.token_hex(3), self.plan, lambda _: None
        )

    def break_down(self) -> None:
        """Bring about what its hardware plan says is broken."""
        self.placement = self.provider.break_down(
            self.placement, self.plan, ["box"], lambda _: None
        )

    def sh(self, script: str) -> str:
        """What a script says, run inside as root."""
        done = self.provider.run(self.placement, "box", ["/bin/bash", "-c", script], timeout=60)
        return done.stdout.decode() + done.stderr.decode()

    def do(self, *names: str) -> str:
        """Do acts one after the other; what came of the last, in words."""
        told = ""
        for name in names:
            self.placement, told = self.provider.hands(
                self.placement, self.plan, name, secrets.token_hex(4), lambda _: None
            )
        return told

    def state(self) -> str:
        return self.provider.states(self.placement)["box"].state

    def close(self) -> None:
        """Remove it; nothing of it may be left."""
        self.provider.down(self.placement.session)
        self.provider.tidy()
        left = self.provider.owned()
        self.provider.close()
        assert left == ()
