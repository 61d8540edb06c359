"""Rules that join hosts, networks and images of a lab file."""

from __future__ import annotations

from labctl.library.findings import nearest
from labctl.library.hardware import MACHINE_KEYS
from labctl.library.hardware_rules import check_hardware
from labctl.library.parts import Part, Parts
from labctl.library.surroundings import ImageFacts, Surroundings
from labctl.library.topology import Host


def check_topology(parts: Parts, provider: str, around: Surroundings) -> None:
    """Report hosts on unknown networks, of unknown images, and networks that no host is on."""
    for name, host in parts.hosts.items():
        _networks(host, parts)
        _image(host, provider, around, parts)
        _login(host, parts)
        facts = around.images.get(host.value.image, ImageFacts(machine=provider == "libvirt"))
        if provider == "docker" and facts.machine:
            message = f"`{name}` is a virtual machine, and the lab's provider is docker"
            parts.report((*host.path, "image"), message, "Write `provider: libvirt`.")
        elif provider != "inventory" and not facts.machine:
            _machine_keys(name, host, provider, parts)
    check_hardware(parts)
    if len(parts.hosts) == len(parts.host_names):
        used = {network for host in parts.hosts.values() for network in host.value.networks}
        for name, network in parts.networks.items():
            if name not in used:
                hint = "Put a host on it, or remove it."
                parts.report(network.path, f"no host is on the network `{name}`", hint, key=True)


def _networks(host: Part[Host], parts: Parts) -> None:
    for index, name in enumerate(host.value.networks):
        if name not in parts.network_names:
            path = (*host.path, "networks", index)
            hint = nearest(name, parts.network_names)
            parts.report(path, f"there is no network `{name}`", hint)


def _image(host: Part[Host], provider: str, around: Surroundings, parts: Parts) -> None:
    name, path = host.value.image, (*host.path, "image")
    if not around.images:
        return
    if name not in around.images:
        parts.report(path, f"there is no image `{name}`", nearest(name, around.images))
    elif host.value.access != "none" and not around.images[name].login:
        usable = sorted(
            one
            for one, facts in around.images.items()
            if facts.login and (provider != "docker" or not facts.machine)
        )
        hint = f"Use one of {', '.join(f'`{one}`' for one in usable)}, or `access: none`."
        parts.report(path, f"candidates cannot log in to hosts of the image `{name}`", hint)


def _login(host: Part[Host], parts: Parts) -> None:
    if host.value.access == "none" and host.value.login is not None:
        hint = "Write `access: user` or `access: root`, or remove `login`."
        parts.report(
            (*host.path, "login"), "`access: none` leaves nobody to log in", hint, key=True
        )


def _machine_keys(name: str, host: Part[Host], provider: str, parts: Parts) -> None:
    for key in MACHINE_KEYS:
        if getattr(host.value, key) is not None:
            message = f"`{name}` is a container, which has no `{key}`"
            hint = "Use the image `machine`"
            hint += "." if provider == "libvirt" else " and `provider: libvirt`."
            parts.report((*host.path, key), message, hint, key=True)
