"""Old disks of machines on a real server: a real machine keeps what it stands on."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from labctl.hardware import HardwarePlan
from labctl.images.build import build, resolve
from labctl.images.disks import DISKS, DiskSet, disk_set
from labctl.plan import HostPlan
from labctl.providers.libvirt.files import MACHINES
from labctl.providers.libvirt.hypervisor import Hypervisor
from labctl.providers.libvirt.machines import Machines
from labctl.providers.libvirt.pruning import remove_superseded, superseded
from tests.rig import IMAGES, machine

pytestmark = [pytest.mark.integration, pytest.mark.machines]


@pytest.fixture(scope="module")
def today() -> DiskSet:
    build((*IMAGES, "machine"))
    return disk_set(resolve("machine"))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the account of QEMU can reach, as the real one."""
    with tempfile.TemporaryDirectory(dir=DISKS.parent) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def machines() -> Iterator[Machines]:
    hypervisor = Hypervisor()
    made = Machines(hypervisor, secrets.token_hex(8), lambda: False)
    yield made
    for session in made.files.sessions():
        made.remove(session)
    made.files.top.rmdir()
    hypervisor.close()


def of_old(today: DiskSet, folder: Path, name: str) -> DiskSet:
    """A set of disks as an image of another day had it."""
    place = folder / name
    place.mkdir()
    found = [path for path in (today.root, today.kernel, today.initrd) if path]
    for path in found:
        os.link(path, place / path.name)
    return DiskSet(*(place / path.name for path in found))


def host() -> HostPlan:
    """One that starts cold: its card is none of virtio's."""
    hardware = HardwarePlan(disks={}, models={"eth0": "e1000e"}, faults=(), acts=())
    return replace(machine("pc1", "lan", image="machine"), hardware=hardware)


def test_a_machine_keeps_the_disks_that_it_stands_on(
    today: DiskSet, folder: Path, machines: Machines
) -> None:
    old = of_old(today, folder, "labctl-machine-000000000000-1")
    observer = of_old(today, folder, "labctl-observer-000000000000-1")
    started = machines.start("abc123", host(), resolve("machine"), old, observer)
    assert remove_superseded(folder=folder) == ()
    machines.cut_power(started)
    assert remove_superseded(folder=folder) == (observer.root.parent.name,)
    machines.remove("abc123")
    assert remove_superseded(folder=folder) == (old.root.parent.name,)
    assert list(folder.iterdir()) == []


def test_what_todays_images_have_is_never_superseded(today: DiskSet) -> None:
    found = {place.name for place in superseded(machines=MACHINES)}
    assert today.root.parent.name not in found
    assert disk_set(resolve("observer")).root.parent.name not in found
