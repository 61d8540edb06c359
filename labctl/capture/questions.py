"""What is asked of every host, by what it tells. All of it is seen from beside the host.

None of it runs a program of the candidate's: programs are the observer's, in the host's network;
files are read by the observer through the host's own mounts; processes are the kernel's table. In
a virtual machine the observer looks from under the candidate's kernel (vantage *guest*).
"""

from __future__ import annotations

from checkers.model import AnyProbe, Directory, File, Processes, Program

SECONDS = 5.0
"""What a program may take."""
FILE_BYTES = 1 << 20
DPKG = b"/var/lib/dpkg/status"
DPKG_BYTES = 8 << 20
MOUNTS = b"/proc/1/mountinfo"
SECTION_BYTES = 2 << 20
"""Bytes of JSON that one section of a host may come to; a longer one is left out, as a gap."""

PACKAGES = "packages"
FILES = "files"
"""What is not asked in one go, but told in the same way."""

PROGRAMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "addresses": (("ip", "address", "show"),),
    "routes": (
        ("ip", "route", "show", "table", "all"),
        ("ip", "-6", "route", "show", "table", "all"),
        ("ip", "rule", "show"),
    ),
    "firewall": (
        ("nft", "list", "ruleset"),
        ("iptables-legacy-save",),
        ("ip6tables-legacy-save",),
    ),
    "listeners": (("ss", "-l", "-t", "-u", "-n", "-p"),),
}
DIRECTORIES: dict[str, tuple[bytes, ...]] = {
    "services": (
        b"/etc/rcS.d",
        b"/etc/rc2.d",
        *(
            b"/etc/systemd/system/%s.target.wants" % target
            for target in (b"sysinit", b"sockets", b"timers", b"multi-user", b"graphical")
        ),
    ),
}
"""Where links stand that have services started at boot, by sysvinit and by systemd."""
CONTENTS: dict[str, tuple[bytes, ...]] = {
    "users": (b"/etc/passwd",),
    "groups": (b"/etc/group",),
    "mounts": (MOUNTS, b"/etc/fstab"),
}
ORDER = (
    "addresses",
    "routes",
    "firewall",
    "listeners",
    "processes",
    "services",
    "users",
    "groups",
    "mounts",
)
"""The sections in the order in which people read them; packages and files follow."""


def asked(host: str) -> dict[str, tuple[AnyProbe, ...]]:
    """The probes of each section for one host, packages among them."""
    found: dict[str, tuple[AnyProbe, ...]] = {"processes": (Processes(host),)}
    for name, lines in PROGRAMS.items():
        found[name] = tuple(Program(host, argv, SECONDS) for argv in lines)
    for name, paths in DIRECTORIES.items():
        found[name] = tuple(Directory(host, path) for path in paths)
    for name, paths in CONTENTS.items():
        found[name] = tuple(File(host, path, FILE_BYTES) for path in paths)
    return {name: found[name] for name in ORDER} | {PACKAGES: (File(host, DPKG, DPKG_BYTES),)}
