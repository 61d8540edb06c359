"""Reads a Kathará scenario: `lab.conf`, `*.startup`, device folders, `shared/`.

Source: the manual page kathara-lab.conf(5). A line gives a device an option: `pc1[0]="A"` puts its
interface eth0 on the collision domain A, `pc1[image]="kathara/frr"` chooses an image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from labctl.errors import UsageError
from labctl.library.importing.model import (
    Imported,
    ImportedHost,
    files_below,
    image_for,
    slug,
    text_of,
)

CONF = "lab.conf"
_META = re.compile(r"^(LAB_[A-Z]+)\s*=\s*(.*)$")
_OPTION = re.compile(r"^([A-Za-z0-9_.-]+)\[([A-Za-z0-9_]+)\]\s*=\s*(.*)$")
_SIZE = re.compile(r"^(\d+)\s*([bkmgBKMG]?)[bB]?$")
QUIET = frozenset({"LAB_NAME", "LAB_DESCRIPTION"})
IDLE = frozenset({"shell", "num_terms", "ipv6", "privileged"})
"""Options that mean nothing here: a console is always to be had, and IPv6 is on."""


@dataclass
class _Device:
    """What lab.conf says of one device."""

    domains: dict[int, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class _Scenario:
    """All of lab.conf; `names` and `networks` are what devices and domains are called here."""

    meta: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)
    devices: dict[str, _Device] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def read_kathara(folder: Path, images: Iterable[str]) -> Imported:
    """The scenario in `folder`; `images` are those that labs may use.

    Raises `UsageError` if the folder holds no `lab.conf`, or one with a line that is none.
    """
    if not (folder / CONF).is_file():
        raise UsageError(f"`{folder}` holds no `{CONF}`.", "Name the folder of a Kathará scenario.")
    found = _read(text_of(folder / CONF))
    for path in sorted(folder.glob("*.startup")):
        if path.stem != "shared":
            found.devices.setdefault(path.stem, _Device())
    if not found.devices:
        raise UsageError(f"`{folder / CONF}` names no device.")
    for name in found.devices:
        found.names[name] = slug(name, found.names.values())
        if found.names[name] != name:
            found.left_out.append(f"{name} is called `{found.names[name]}` here")
    _find_networks(found)
    hosts = tuple(_host(folder, name, found, images) for name in found.devices)
    _rest(folder, found)
    own = folder.resolve().name
    name = found.meta.get("LAB_NAME") or own
    title = (found.meta.get("LAB_DESCRIPTION") or name).splitlines()[0]
    return Imported(slug(name), title, "Kathará", hosts, tuple(found.left_out))


def _read(text: str) -> _Scenario:
    found = _Scenario()
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if match := _META.match(bare):
            found.meta[match[1]] = _unquoted(match[2])
        elif match := _OPTION.match(bare):
            device = found.devices.setdefault(match[1], _Device())
            value = _unquoted(match[3])
            if match[2].isdigit():
                device.domains[int(match[2])] = value
            else:
                device.options.setdefault(match[2], []).append(value)
        else:
            raise UsageError(f"`{CONF}` line {number} is no option of a device: {bare}")
    return found


def _unquoted(text: str) -> str:
    text = text.strip()
    for quote in ('"', "'"):
        if text.startswith(quote) and (end := text.find(quote, 1)) > 0:
            return text[1:end]
    return text.partition("#")[0].strip()


def _find_networks(found: _Scenario) -> None:
    """Name a network for every collision domain; what stands after a `/` is a MAC address."""
    for name, device in found.devices.items():
        for number, value in sorted(device.domains.items()):
            domain, _, mac = value.partition("/")
            device.domains[number] = domain
            if mac:
                found.left_out.append(f"{name}: eth{number} has the MAC {mac} no longer")
            if domain not in found.networks:
                found.networks[domain] = slug(domain, found.networks.values())


def _host(folder: Path, name: str, found: _Scenario, images: Iterable[str]) -> ImportedHost:
    device = found.devices[name]
    options = dict(device.options)
    image, said = image_for(_first(options.pop("image", [])), images)
    if said:
        found.left_out.append(f"{name}: {said}")
    numbers = range(max(device.domains, default=-1) + 1)
    places = tuple(found.networks.get(device.domains.get(number, "")) for number in numbers)
    sysctls = dict(_pair(value) for value in options.pop("sysctl", []))
    startup = [folder / "shared.startup", folder / f"{name}.startup"]
    script = "\n".join([*options.pop("exec", []), *(text_of(p) for p in startup if p.is_file())])
    shared = {f"shared/{path}": entry for path, entry in files_below(folder / "shared").items()}
    memory = _memory(_first(options.pop("mem", [])))
    cpus = _first(options.pop("cpus", []))
    for option, values in options.items():
        if option not in IDLE:
            found.left_out.extend(f"{name}: {option}={value}" for value in values)
    files = {**shared, **files_below(folder / name)}
    return ImportedHost(found.names[name], image, places, script, files, memory, cpus, sysctls)


def _first(values: list[str]) -> str:
    return values[0] if values else ""


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip(), value.strip()


def _memory(text: str) -> str:
    match = _SIZE.match(text)
    return f"{match[1]}{match[2].upper().replace('B', '')}" if match else ""


def _rest(folder: Path, found: _Scenario) -> None:
    """What stands beside lab.conf and has no place in a lab."""
    found.left_out += [
        f"{key}={value}" for key, value in found.meta.items() if key not in QUIET and value
    ]
    for path in sorted(folder.glob("*.shutdown")):
        found.left_out.append(f"{path.name}: nothing is run when a host is stopped")
    for name in ("lab.dep", "lab.ext"):
        if (folder / name).exists():
            found.left_out.append(f"{name}: hosts start together, and reach nothing outside")
