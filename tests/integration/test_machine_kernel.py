"""What root mounts over a real machine's /proc and /sys changes nothing of what its kernel says."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from checkers.engine import PlannedCheck, run_phase
from checkers.model import Directory, File, Phase, Status, Subject, Verdict
from checkers.registry import load
from checkers.remote import RemoteObserver, Whereabouts
from labctl.images.build import build
from labctl.providers.libvirt.provider import LibvirtProvider
from labctl.scheme import lab_hosts
from tests.rig import IMAGES, Session, machine, plan

pytestmark = [pytest.mark.integration, pytest.mark.machines]

COVER = """
mkdir -p /tmp/block/vdz
cp /proc/1/mountinfo /tmp/mountinfo
printf 'MemTotal: 99000000 kB\\n' > /tmp/meminfo
mount --bind /tmp/block /sys/block
mount --bind /tmp/meminfo /proc/meminfo
mount --bind /tmp/mountinfo /proc/1/mountinfo
cat /proc/meminfo /proc/1/mountinfo
ls /sys/block
"""
UNCOVER = "umount /proc/1/mountinfo /proc/meminfo /sys/block"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    build((*IMAGES, "machine"))
    provider: Any = LibvirtProvider(secrets.token_hex(8), tmp_path_factory.mktemp("home"))
    wanted = plan([], machine("pc1", image="machine"), provider="libvirt")
    code = secrets.token_hex(3)
    try:
        placement = provider.up(code, wanted, lambda _: None)
        found = Session(provider, wanted, placement)
        found._observer = RemoteObserver(
            lab_hosts(wanted),
            Whereabouts(placement.pins, placement.fabric),
            provider.dial,
            found._inside,
            guests=provider.guest_dials(placement),
        )
        yield found
        found.observer.close()
    finally:
        provider.down(code)
        provider.tidy()
        provider.close()


def verdict(lab: Session, kind: str, **parameters: Any) -> Verdict:
    check = load(kind).model_validate(parameters)
    planned = PlannedCheck("it", check, Subject("pc1", None, lab_hosts(lab.plan)), Phase.STATE)
    return run_phase([planned], lab.observer, {})["it"].verdict


def test_the_kernel_is_heard_through_what_is_mounted_over_it(lab: Session) -> None:
    assert verdict(lab, "memory", size="64M").status is Status.PASSED
    lied = lab.sh("pc1", COVER)
    assert "99000000" in lied
    assert "vdz" in lied
    assert "/sys/block" not in lied, "the machine's own list of mounts is made up"

    mounts = lab.ask(File("pc1", b"/proc/1/mountinfo", 1 << 20))
    memory = lab.ask(File("pc1", b"/proc/meminfo", 1 << 20))
    blocks = lab.ask(Directory("pc1", b"/sys/block"))
    assert b" /sys/block " in (mounts.content or b"")
    assert b"99000000" not in (memory.content or b"")
    assert b"vda" in {entry.name for entry in blocks.entries or ()}
    found = verdict(lab, "memory", size="64G")
    assert (found.status, found.found[-27:]) == (Status.ERROR, "pc1 is not the kernel's own")

    lab.sh("pc1", UNCOVER)
    assert verdict(lab, "memory", size="64M").status is Status.PASSED
    assert verdict(lab, "time_sync", within=30).status is Status.PASSED
