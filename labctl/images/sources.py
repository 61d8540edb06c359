"""Where this server's apt gets Debian from, so that images are built from the same place."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from labctl.errors import ProviderError

SUITE = "bookworm"

_FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)|$(CODENAME)"
_CURE = (
    "Run `apt-get update`. A server that is not Debian 12 needs Debian's sources for it beside its "
    "own, or a registry that offers `debian:bookworm-slim`."
)


def apt_sources() -> tuple[str, ...]:
    """Lines of sources.list(5) for Debian 12, its updates and security, as this server has them.

    Asks apt itself (`apt-get indextargets`), which knows both formats of source files. Raises
    `ProviderError` where there are none.
    """
    try:
        listing = subprocess.run(
            ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
    except FileNotFoundError as error:
        raise ProviderError("There is no apt-get on this server.", _CURE) from error
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise ProviderError(f"apt-get could not list its sources: {error}", _CURE) from error
    lines = parse_targets(listing)
    if not lines:
        raise ProviderError(f"apt on this server has no sources of Debian 12 ({SUITE}).", _CURE)
    return lines


def parse_targets(listing: str) -> tuple[str, ...]:
    """The lines of sources.list for what `apt-get indextargets` printed in our format."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in listing.splitlines():
        uri, release, component, origin, codename = line.split("|")
        # What the server does not have an index of yet is printed as the unexpanded field.
        if origin != "Debian" or not uri.startswith(("http://", "https://")):
            continue
        if codename in (SUITE, f"{SUITE}-updates", f"{SUITE}-security"):
            components = found.setdefault((uri, release), [])
            if component not in components:
                components.append(component)
    return tuple(f"deb {uri} {name} {' '.join(parts)}" for (uri, name), parts in found.items())


def proxies(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Settings of a proxy on the way to those sources: the environment's, else apt's."""
    names = ("http_proxy", "https_proxy", "no_proxy")
    settings = {
        name: value
        for name in names
        if (value := environment.get(name) or environment.get(name.upper()))
    }
    for scheme in ("http", "https"):
        if f"{scheme}_proxy" not in settings and (value := _apt_proxy(scheme)):
            settings[f"{scheme}_proxy"] = value
    return settings


def _apt_proxy(scheme: str) -> str:
    try:
        shown = subprocess.run(
            ["apt-config", "dump", "--format", "%v%n", f"Acquire::{scheme}::Proxy"],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
    return "" if shown == "DIRECT" else shown
