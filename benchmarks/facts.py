"""The files that both sides look at, and the two properties of each beside its being there."""

from __future__ import annotations

FILES: tuple[tuple[str, int, str], ...] = (
    ("/etc/adduser.conf", 0o644, "root"),
    ("/etc/bash.bashrc", 0o644, "root"),
    ("/etc/crontab", 0o644, "root"),
    ("/etc/debian_version", 0o644, "root"),
    ("/etc/group", 0o644, "root"),
    ("/etc/gshadow", 0o640, "root"),
    ("/etc/inittab", 0o644, "root"),
    ("/etc/login.defs", 0o644, "root"),
    ("/etc/network/interfaces", 0o644, "root"),
    ("/etc/nsswitch.conf", 0o644, "root"),
    ("/etc/passwd", 0o644, "root"),
    ("/etc/profile", 0o644, "root"),
    ("/etc/protocols", 0o644, "root"),
    ("/etc/rsyslog.conf", 0o644, "root"),
    ("/etc/services", 0o644, "root"),
    ("/etc/shadow", 0o640, "root"),
    ("/etc/ssh/sshd_config", 0o644, "root"),
    ("/etc/sudoers", 0o440, "root"),
    ("/usr/bin/passwd", 0o4755, "root"),
    ("/usr/bin/sudo", 0o4755, "root"),
)
"""Path, mode and owner, as Debian 12 has them and our images leave them."""
