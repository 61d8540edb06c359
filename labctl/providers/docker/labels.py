"""How everything that labctl makes in Docker is named and marked.

Every object carries `labctl.session`; the store's installation id keeps two homes of labctl on
one server from ever touching each other's objects.
"""

from __future__ import annotations

SESSION = "labctl.session"
INSTALLATION = "labctl.installation"
ROLE = "labctl.role"
HOST = "labctl.host"

HOST_ROLE = "host"
FABRIC_ROLE = "net"
SNAPSHOT_ROLE = "snapshot"
HELPER_SESSION = ""
"""Helpers belong to no session: their `labctl.session` is empty."""


def container_name(session: str, host: str) -> str:
    """The container of a session's host, or with `host` = `net` that of its fabric."""
    return f"labctl-{session}-{host}"


def helper_name(installation: str, role: str, image: str) -> str:
    """The container of one of the server's helpers, for one image of it (`image` is its tag).

    After an upgrade the helpers of both stand side by side: what is being graded goes on with the
    one that it began with.
    """
    return f"labctl-{installation[:8]}-{role}-{image}"


def of(installation: str, session: str, role: str, host: str = "") -> dict[str, str]:
    """The labels of one object."""
    return {INSTALLATION: installation, SESSION: session, ROLE: role, HOST: host}
