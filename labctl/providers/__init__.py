"""Providers of lab hosts, each behind the same small protocols (see `base`).

A provider is one module and one line in `PROVIDERS`; it is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from labctl.errors import UnknownName

if TYPE_CHECKING:
    from labctl.providers.base import Provider

PROVIDERS = {
    "docker": "labctl.providers.docker.provider:DockerProvider",
    "libvirt": "labctl.providers.libvirt.provider:LibvirtProvider",
}
"""What lab files call a provider → where its class is."""


def open_provider(name: str, installation: str, home: Path) -> Provider:
    """The provider called `name`, for one installation of labctl; raises `UnknownName`."""
    if name not in PROVIDERS:
        raise UnknownName("provider", name, PROVIDERS)
    module, _, attribute = PROVIDERS[name].partition(":")
    return cast("Provider", getattr(import_module(module), attribute)(installation, home))
