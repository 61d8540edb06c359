"""What kernels say that no recorded machine said: other buses, slow answers, lists of all forms."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.check import NotObserved
from checkers.linux._block import Blocks, Disk
from checkers.linux._clock import Offset, offsets
from checkers.linux._modules import rules
from checkers.linux._swaps import areas
from checkers.linux.raid import Raid
from checkers.model import (
    AnyProbe,
    Directory,
    DirectoryEntry,
    DirectoryResult,
    File,
    FileResult,
    Observation,
    Status,
    Subject,
    Vantage,
    Verdict,
)
from checkers.registry import load

MOUNTS = b"1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:1 / /proc rw - proc proc rw\n"
MOUNTS += b"3 1 0:2 / /sys rw - sysfs sysfs rw\n4 1 0:5 / /dev rw - devtmpfs udev rw\n"


class Kernel:
    """Files, links and device nodes of a host that is made up; directories follow from them."""

    def __init__(self, files: dict[str, str | bytes], links: dict[str, str] | None = None) -> None:
        self.files = {"/proc/1/mountinfo": MOUNTS, **files}
        self.links = links or {}
        self.nodes: dict[str, str] = {}
        self.times: list[float] = []

    def answer(self, probe: AnyProbe) -> FileResult | DirectoryResult:
        assert isinstance(probe, File | Directory)
        path = probe.path.decode()
        if isinstance(probe, Directory):
            inside = {name.removeprefix(f"{path}/") for name in (*self.files, *self.links)}
            names = sorted({name.partition("/")[0] for name in inside if not name.startswith("/")})
            if not names:
                return DirectoryResult(None, "no such file")
            return DirectoryResult(tuple(DirectoryEntry(name.encode(), "file") for name in names))
        if path in self.links:
            return FileResult("link", target=self.links[path].encode())
        if path in self.nodes:
            return FileResult("block", number=self.nodes[path])
        if path not in self.files:
            return FileResult(None, "no such file")
        content = self.files[path]
        data = content if isinstance(content, bytes) else content.encode()
        return FileResult("file", content=data, size=0)

    def run(self, asking: Any) -> Any:
        """What a check or a part of one comes to, asked of this host."""
        answers = None
        try:
            while True:
                probes = next(asking) if answers is None else asking.send(answers)
                at = self.times.pop(0) if self.times else 1.0
                answers = tuple(
                    Observation(probe, Vantage.GUEST, at, self.answer(probe)) for probe in probes
                )
        except StopIteration as stop:
            return stop.value

    def check(self, kind: str, **parameters: Any) -> Verdict:
        verdict = self.run(load(kind).model_validate(parameters).run(Subject("pc")))
        assert isinstance(verdict, Verdict)
        return verdict


# --------------------------------------------------------------------------- disks

PCI = "../devices/pci0000:00"
PAGE = "\0\0\0\3S-1"
"""A SCSI disk's page of its serial number."""


def disk(name: str, place: str, **serials: str) -> tuple[dict[str, str | bytes], dict[str, str]]:
    """The files and the link of one disk; `serials` by file name, with `_` for `/`."""
    own = f"/sys/block/{name}"
    files: dict[str, str | bytes] = {f"{own}/size": "2048\n"}
    files |= {f"{own}/{key.replace('_', '/', 1)}": text for key, text in serials.items()}
    return files, {own: f"{place}/block/{name}"}


@pytest.mark.parametrize(
    "name, place, serials, bus, passes",
    [
        (
            "nvme0n1",
            f"{PCI}/0000:00:04.0/nvme/nvme0/nvme0n1",
            {"device_serial": "S-1\n"},
            "nvme",
            1,
        ),
        ("sda", f"{PCI}/0000:00:05.0/virtio3/host6/x", {"device_vpd_pg80": PAGE}, "scsi", 1),
        ("sda", f"{PCI}/0000:00:1f.2/ata1/host0/x", {"device_vpd_pg80": PAGE}, "sata", 1),
        ("sda", f"{PCI}/0000:00:1f.2/ata1/host0/x", {"device_vpd_pg80": PAGE}, "scsi", 0),
        ("vdb", f"{PCI}/0000:00:02.0/virtio4", {"serial": "S-1"}, "virtio", 1),
        ("sdb", "../devices/pseudo_0/host7/x", {"device_vpd_pg80": PAGE}, "scsi", 0),
        ("nvme0n1", "../devices/virtual/nvme-fabrics/nvme0", {"device_serial": "S-1\n"}, "nvme", 0),
    ],
)
def test_disks_of_every_bus(
    name: str, place: str, serials: dict[str, str], bus: str, passes: int
) -> None:
    verdict = Kernel(*disk(name, place, **serials)).check("disk", serial="S-1", bus=bus)
    assert verdict.status is (Status.PASSED if passes else Status.FAILED)


def test_a_usb_disk_has_the_serial_number_of_its_plug() -> None:
    port = "/devices/pci0000:00/0000:00:04.0/usb2/2-1/2-1.4"
    files, links = disk("sdb", f"..{port}/2-1.4:1.0/host6/target6:0:0/6:0:0:0")
    files[f"/sys{port}/serial"] = "STICK-1\n"
    assert Kernel(files, links).check("disk", serial="STICK-1", bus="usb").status is Status.PASSED


def test_a_page_of_scsis_that_is_none_is_no_serial_number() -> None:
    kernel = Kernel(*disk("sda", f"{PCI}/0000:00:1f.2/ata1/host0/x", device_vpd_pg80="\0"))
    with pytest.raises(NotObserved, match="no page of SCSI's"):
        kernel.check("disk", serial="S-1", present=False)


def test_of_a_disk_that_is_gone_there_is_only_the_name() -> None:
    there = Disk(b"vda", "D-0", 1, "virtio")
    known = Blocks({b"dm-0": (b"vda1", b"vdb")}, {b"vda1": b"vda"}, {b"vda": there})
    assert known.disks_below(b"dm-0") == (there, Disk(b"vdb", "", 0, ""))
    assert known.serials_below(b"dm-0") == ("D-0", "vdb")


def test_what_is_mounted_from_a_disk_that_is_gone() -> None:
    kernel = Kernel(*disk("vdb", f"{PCI}/0000:00:02.0/virtio4", serial="S-1"))
    kernel.files["/proc/1/mountinfo"] = MOUNTS + b"5 1 254:32 / /srv rw - ext4 /dev/vdc rw\n"
    verdict = kernel.check("disk", serial="S-1", mounted="/srv")
    assert (verdict.status, verdict.found) == (Status.FAILED, "/srv on /dev/vdc")


def test_a_file_system_that_lies_on_no_one_device_cannot_be_told() -> None:
    kernel = Kernel(*disk("vdb", f"{PCI}/0000:00:02.0/virtio4", serial="S-1"))
    kernel.files["/proc/1/mountinfo"] = MOUNTS + b"5 1 0:40 / /srv rw - btrfs /dev/vdb rw\n"
    with pytest.raises(NotObserved, match="of type btrfs"):
        kernel.check("disk", serial="S-1", mounted="/srv")


# --------------------------------------------------------------------------- arrays


def array(name: str, members: dict[str, tuple[str, str]], **parts: str) -> dict[str, str | bytes]:
    """An array of members with their slot and state; `parts` are other files in `md`."""
    own = f"/sys/block/{name}"
    usual = {"level": "raid1", "array_state": "clean", "raid_disks": "2", "sync_action": "idle"}
    usual |= {"resync_start": "none", **parts}
    files: dict[str, str | bytes] = {f"{own}/md/{key}": f"{text}\n" for key, text in usual.items()}
    files[f"{own}/size"] = "1024\n"
    for member, (slot, state) in members.items():
        files[f"{own}/slaves/{member}/size"] = "1\n"
        files |= {f"{own}/md/dev-{member}/slot": slot, f"{own}/md/dev-{member}/state": state}
    return files


def three_disks() -> tuple[dict[str, str | bytes], dict[str, str]]:
    files: dict[str, str | bytes] = {}
    links: dict[str, str] = {}
    for number, name in enumerate(("vdb", "vdc", "vdd")):
        own, link = disk(name, f"{PCI}/0000:00:0{number}.0/virtio{number}", serial=f"D-{number}")
        files, links = files | own, links | link
    return files, links


IN_SYNC = {"vdb": ("0", "in_sync"), "vdc": ("1", "in_sync,write_mostly")}


@pytest.mark.parametrize(
    "parts, wanted, status",
    [
        ({}, {"level": 1, "synced": True}, Status.PASSED),
        ({"sync_action": "check"}, {"synced": True}, Status.PASSED),
        ({"sync_action": "frozen"}, {"synced": True}, Status.FAILED),
        ({"resync_start": "0", "array_state": "read-auto"}, {"synced": True}, Status.FAILED),
        ({"raid_disks": "3 (2)", "sync_action": "reshape"}, {"synced": True}, Status.FAILED),
        ({"raid_disks": "3 (2)"}, {"state": "degraded"}, Status.PASSED),
        ({"array_state": "broken"}, {"state": "any"}, Status.FAILED),
        ({}, {"members": 3, "state": "any"}, Status.FAILED),
    ],
)
def test_what_an_array_is_doing(
    parts: dict[str, str], wanted: dict[str, Any], status: Status
) -> None:
    files, links = three_disks()
    kernel = Kernel({**files, **array("md0", IN_SYNC, **parts)}, links)
    assert kernel.check("raid", name="md0", **wanted).status is status


def test_a_mirror_of_mirrors_is_judged_by_the_uppermost() -> None:
    files, links = three_disks()
    lower = array("md1", {"vdb": ("0", "in_sync"), "vdc": ("1", "in_sync")})
    upper = array("md2", {"md1": ("0", "in_sync"), "vdd": ("1", "in_sync")})
    links["/sys/dev/block/9:2"] = "../../devices/virtual/block/md2"
    kernel = Kernel({**files, **lower, **upper}, links)
    kernel.files["/proc/1/mountinfo"] = MOUNTS + b"5 1 9:2 / /srv rw - ext4 /dev/md2 rw\n"
    verdict = kernel.check("raid", mounted="/srv", disks=["D-0", "D-1", "D-2"])
    assert (verdict.status, verdict.found[:13]) == (Status.PASSED, "the array md2")


@pytest.mark.parametrize(
    "parts", [{"level": ""}, {"raid_disks": "many"}, {"raid_disks": ""}], ids=str
)
def test_an_array_that_runs_has_a_level_and_places(parts: dict[str, str]) -> None:
    files, links = three_disks()
    kernel = Kernel({**files, **array("md0", IN_SYNC, **parts)}, links)
    with pytest.raises(NotObserved, match="md0 of pc has the level"):
        kernel.run(Raid(name="md0").run(Subject("pc")))


# --------------------------------------------------------------------------- swap

HEAD = "Filename\tType\tSize\tUsed\tPriority\n"


def swapping(line: str) -> Kernel:
    files, links = three_disks()
    links["/sys/dev/block/254:16"] = "../../devices/virtual/block/vdb"
    kernel = Kernel({**files, "/proc/swaps": HEAD + line}, links)
    kernel.nodes["/dev/vdb"] = "254:16"
    return kernel


def test_swap_in_a_whole_disk() -> None:
    (area,) = swapping("/dev/vdb partition 1020 0 -2\n").run(areas("pc"))
    assert (area.size, area.hardware, area.said) == (1 << 20, True, "1.0 MiB in /dev/vdb (on D-0)")


@pytest.mark.parametrize(
    "line, says",
    [
        ("/dev/vdc partition 1020 0 -2\n", "what /dev/vdc of pc stands for"),
        ("/root/node partition 1020 0 -2\n", "what /root/node of pc stands for"),
        ("/var/gone\\040(deleted) file 1020 0 -2\n", "what /var/gone \\(deleted\\) of pc stands"),
        ("/dev/vdb partition\n", "holds"),
    ],
)
def test_swap_that_cannot_be_told(line: str, says: str) -> None:
    with pytest.raises(NotObserved, match=says):
        swapping(line).run(areas("pc"))


def test_a_node_that_something_is_mounted_over_is_not_believed() -> None:
    kernel = swapping("/dev/vdb partition 1020 0 -2\n")
    kernel.files["/proc/1/mountinfo"] = MOUNTS + b"5 4 0:5 /vdc /dev/vdb rw - devtmpfs udev rw\n"
    with pytest.raises(NotObserved, match="what /dev/vdb of pc stands for"):
        kernel.run(areas("pc"))


def test_what_begins_otherwise_is_no_list_of_swap() -> None:
    kernel = swapping("")
    kernel.files["/proc/swaps"] = "no swap\n"
    with pytest.raises(NotObserved, match="begins with"):
        kernel.run(areas("pc"))


# --------------------------------------------------------------------------- modules

CONF = r"""
# blacklist commented
blacklist  snd-pcsp
install usb_* /bin/true
install sctp /sbin/modprobe --ignore-install sctp
blacklist \
 floppy
blacklist
"""


@pytest.mark.parametrize(
    "name, blacklisted, barred, instead",
    [
        ("snd_pcsp", True, False, ""),
        ("usb_storage", False, True, "/bin/true"),
        ("sctp", False, False, "/sbin/modprobe --ignore-install sctp"),
        ("floppy", True, False, ""),
        ("commented", False, False, ""),
        ("dccp", True, False, ""),
    ],
)
def test_rules_of_kmod(name: str, blacklisted: bool, barred: bool, instead: str) -> None:
    kernel = Kernel(
        {
            "/etc/modprobe.d/a.conf": CONF,
            "/lib/modprobe.d/a.conf": "blacklist dummy\n",
            "/proc/cmdline": "quiet module_blacklist=dccp,rds modules_load=dummy\n",
        }
    )
    found = kernel.run(rules("pc", name))
    assert (bool(found.blacklisted), bool(found.barred), found.instead) == (
        blacklisted,
        barred,
        instead,
    )


def test_a_file_stands_for_those_of_its_name_in_later_folders() -> None:
    kernel = Kernel(
        {
            "/etc/modules-load.d/b.conf": "",
            "/usr/lib/modules-load.d/b.conf": "bonding\n",
            "/usr/lib/modules-load.d/c.conf": "; x\n br-netfilter \n",
            "/usr/lib/modules-load.d/d.txt": "dccp\n",
            "/proc/cmdline": "quiet modules-load=dummy\n",
        }
    )
    names = ("bonding", "br_netfilter", "dccp", "dummy")
    found = [bool(kernel.run(rules("pc", name)).at_boot) for name in names]
    assert found == [False, True, False, True]


# --------------------------------------------------------------------------- clocks


def clock(*times: float) -> Kernel:
    """A machine whose clock says 1000 seconds, read between these times of the server."""
    kernel = Kernel({"/proc/uptime": "100.00 90.00\n", "/proc/stat": "cpu 1\nbtime 900\n"})
    kernel.times = list(times)
    return kernel


def test_a_slow_answer_is_no_wrong_clock() -> None:
    offset, kept = clock(995.0, 1010.0).run(offsets("pc", hardware=False))
    assert (offset.within(5), kept) == (None, None)
    verdict = clock(1.0, 995.0, 1010.0, 1000.0, 1000.5).check("time_sync", within=3)
    assert verdict.status is Status.PASSED


def test_a_host_that_always_answers_slowly_is_an_error() -> None:
    with pytest.raises(NotObserved, match="too slowly"):
        clock(1.0, *(995.0, 1010.0) * 20).check("time_sync", within=3)


def test_a_clock_that_is_wrong_however_slowly_it_is_read() -> None:
    verdict = clock(1.0, 90000.0, 90010.0).check("time_sync", within=3)
    assert verdict.status is Status.FAILED
    assert verdict.found == "the clock 1 d 43 min slow"


def test_the_servers_clock_may_not_go_back_meanwhile() -> None:
    with pytest.raises(NotObserved, match="was set"):
        clock(1000.0, 900.0).run(offsets("pc", hardware=False))


@pytest.mark.parametrize(
    "path, text", [("/proc/uptime", "soon\n"), ("/proc/stat", "cpu 1\n"), ("/proc/stat", "")]
)
def test_what_is_no_clock(path: str, text: str) -> None:
    kernel = clock(1000.0, 1000.0)
    kernel.files[path] = text
    with pytest.raises(NotObserved):
        kernel.run(offsets("pc", hardware=False))


def test_offsets_in_words() -> None:
    assert Offset(-0.4, 0.4).said == "right to the second"
    assert Offset(59.5, 60.5).said == "1 min fast"
    assert Offset(-86402, -86400).said == "1 d 1 s slow"


# --------------------------------------------------------------------------- hardware


@pytest.mark.parametrize("text, count", [("0", 1), ("0-3", 4), ("0-1,4,6-7", 5)])
def test_processors_are_counted(text: str, count: int) -> None:
    kernel = Kernel({"/sys/devices/system/cpu/online": f"{text}\n"})
    assert kernel.check("cpu", online=count).status is Status.PASSED


@pytest.mark.parametrize(
    "kind, path, text, parameters",
    [
        ("cpu", "/sys/devices/system/cpu/online", "some\n", {"online": 1}),
        ("memory", "/proc/meminfo", "MemFree: 5 kB\n", {"size": "1G"}),
    ],
)
def test_what_cannot_be_understood_is_not_observed(
    kind: str, path: str, text: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(NotObserved):
        Kernel({path: text}).check(kind, **parameters)


def test_firmware_and_the_disk_that_the_root_lies_on() -> None:
    files, links = disk("vda", f"{PCI}/0000:00:02.0/virtio1", serial="SYS-1")
    links["/sys/dev/block/254:0"] = "../../devices/pci0000:00/block/vda"
    files |= {
        "/proc/cmdline": "BOOT_IMAGE=/vmlinuz quiet\n",
        "/proc/sys/kernel/osrelease": "6.1.0\n",
        "/sys/firmware/efi/fw_platform_size": "64\n",
    }
    kernel = Kernel(files, links)
    assert kernel.check("boot", disk="SYS-1", firmware="uefi").status is Status.PASSED
    assert kernel.check("boot", disk="SYS-2", firmware="bios").status is Status.FAILED
