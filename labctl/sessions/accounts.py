"""The candidate's account on a host, made before the lab's own set-up."""

from __future__ import annotations

import shlex

from labctl.plan import LoginPlan


def login_script(login: LoginPlan) -> bytes:
    """A script that makes the account, with sudo where the plan gives it."""
    if login.user == "root":
        return b":\n"
    user = shlex.quote(login.user)
    lines = [
        f"id -u {user} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash {user}",
    ]
    if login.sudo:
        rule = shlex.quote(f"{login.user} ALL=(ALL:ALL) NOPASSWD: ALL")
        lines.append(f"printf '%s\\n' {rule} > /etc/sudoers.d/candidate")
        lines.append("chmod 440 /etc/sudoers.d/candidate")
    return ("\n".join(lines) + "\n").encode()
