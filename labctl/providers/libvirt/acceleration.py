"""Whether this server's processors really run machines, tried and remembered.

/dev/kvm may open and still run no guest (it hangs, or QEMU dies), so a kernel is booted with it for
a second or two. A kernel without a root file system ends in a panic, which is all that is wanted.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from labctl.images.disks import DISKS, KERNEL

TRY_SECONDS = 20.0
NOTE = DISKS / "acceleration.json"
QEMU = "qemu-system-x86_64"


def works(note: Path = NOTE) -> bool:
    """Whether KVM runs guests here; tried once for each start of the server."""
    known = _remembered(note)
    if known is not None:
        return known
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False  # may be another's right: asked again next time
    kernel = _kernel()
    if kernel is None:
        return False
    found = _boots(kernel)
    note.write_text(json.dumps({"boot": _boot_id(), "kvm": found}), encoding="utf-8")
    return found


def _boots(kernel: Path) -> bool:
    argv = [QEMU, "-accel", "kvm", "-machine", "q35", "-cpu", "host", "-m", "256", "-no-reboot"]
    argv += ["-nodefaults", "-display", "none", "-serial", "stdio", "-kernel", str(kernel)]
    argv += ["-append", "console=ttyS0 panic=-1"]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=TRY_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"Kernel panic" in done.stdout


def _kernel() -> Path | None:
    """Any kernel that a machine's image brought."""
    return next(iter(sorted(DISKS.glob(f"*/{KERNEL}"))), None)


def _remembered(note: Path) -> bool | None:
    try:
        value = json.loads(note.read_text(encoding="utf-8"))
        return bool(value["kvm"]) if value["boot"] == _boot_id() else None
    except (OSError, ValueError, KeyError):
        return None


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
