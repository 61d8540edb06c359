"""What `labctl doctor` says about virtual machines on this server."""

from __future__ import annotations

import shutil
from pathlib import Path

from labctl.errors import ProviderError
from labctl.images.build import plan_builds
from labctl.providers.base import Finding
from labctl.providers.libvirt import acceleration
from labctl.providers.libvirt.hypervisor import Hypervisor

TITLE = "Virtual machines"
PROGRAMS = {"qemu-img": "qemu-utils", acceleration.QEMU: "qemu-system-x86"}


def diagnose(hypervisor: Hypervisor) -> tuple[Finding, ...]:
    """Does libvirt answer, are its programs there, and do the processors run guests?

    Labs in containers need none of it, so that what is missing is a warning.
    """
    try:
        number = int(hypervisor.connection.getLibVersion())
    except ProviderError as error:
        return (Finding("warning", TITLE, f"{error.message} Labs in VMs cannot run.", error.hint),)
    found = [Finding("ok", TITLE, f"libvirt {number // 1_000_000}.{number // 1000 % 1000}")]
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            cure = f"`apt-get install {package}`"
            found.append(Finding("warning", TITLE, f"{program} is not installed", cure))
    missing = [
        image.name for image in plan_builds() if image.kind == "machine" and not image.present
    ]
    if missing:
        found.append(
            Finding("warning", TITLE, f"not built: {', '.join(missing)}", "`labctl images build`")
        )
    if acceleration.works():
        found.append(Finding("ok", "KVM", "runs guests"))
    else:
        why = "opens, but runs no guest" if Path("/dev/kvm").exists() else "is not there"
        found.append(
            Finding(
                "warning",
                "KVM",
                f"/dev/kvm {why}: machines are emulated, about ten times slower",
                "Enable virtualisation in the firmware, or nested on the hypervisor below.",
            )
        )
    return tuple(found)
