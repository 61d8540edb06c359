"""Reads a containerlab topology: nodes, with what they inherit, and links.

Source: containerlab.dev, "Topology definition", "Nodes" and "Links". A node's settings are those of
`topology.defaults`, overlaid by its kind's, its group's and its own. There eth0 leads to the tool's
management network; here a network of that name, which leads nowhere, keeps the numbers of the
others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labctl.errors import UsageError
from labctl.library import strict_yaml
from labctl.library.folder import LabFileEntry
from labctl.library.importing.model import (
    Imported,
    ImportedHost,
    files_below,
    image_for,
    slug,
    text_of,
)

SWITCHES = frozenset({"bridge", "ovs-bridge"})
OUTSIDE = frozenset({"host", "mgmt-net", "macvlan", "vxlan", "vxlan-stitch", "dummy"})
CARRIED = frozenset({"kind", "image", "group", "exec", "binds", "cpu", "memory", "sysctls"})
IDLE = frozenset({"mgmt-ipv4", "mgmt-ipv6", "network-mode", "image-pull-policy", "labels"})
MANAGEMENT = "management"
_INTERFACE = re.compile(r"^(?:eth|e1-|et|ge-0/0/)(\d+)$")


@dataclass
class _Topology:
    """What is being gathered: each node's interfaces, by number, and the lines left out."""

    ports: dict[str, dict[int, str]] = field(default_factory=dict)
    networks: list[str] = field(default_factory=list)
    mtus: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def read_containerlab(path: Path, images: Iterable[str]) -> Imported:
    """The topology in the file `path`; `images` are those that labs may use.

    Raises `LabFileError` for a file that is no YAML, `UsageError` for one that is no topology.
    """
    value = strict_yaml.load(text_of(path), str(path))
    topology = value.get("topology") if isinstance(value, dict) else None
    nodes = topology.get("nodes") if isinstance(topology, dict) else None
    if not isinstance(topology, dict) or not isinstance(nodes, dict) or not nodes:
        raise UsageError(f"`{path}` is no topology of containerlab: it has no `topology.nodes`.")
    settings = {name: _settings(topology, node or {}) for name, node in nodes.items()}
    found = _Topology()
    switches = {name for name, node in settings.items() if node.get("kind") in SWITCHES}
    for link in topology.get("links") or []:
        _link(link, settings, switches, found)
    hosts = tuple(
        _host(path.parent, name, node, found, images)
        for name, node in settings.items()
        if name not in switches
    )
    found.left_out += [f"{key}: {value[key]}" for key in value if key not in ("name", "topology")]
    name = str(value.get("name") or path.name.split(".")[0])
    return Imported(slug(name), name, "containerlab", hosts, tuple(found.left_out), found.mtus)


def _settings(topology: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    defaults = topology.get("defaults") or {}
    kind = str(node.get("kind") or defaults.get("kind") or "linux")
    of_kind = (topology.get("kinds") or {}).get(kind) or {}
    of_group = (topology.get("groups") or {}).get(str(node.get("group"))) or {}
    return {**defaults, **of_kind, **of_group, **node, "kind": kind}


def _link(
    link: Any, nodes: dict[str, dict[str, Any]], switches: set[str], found: _Topology
) -> None:
    """One link: a network of its own, or of the switch at one end."""
    ends = [_end(each) for each in (link.get("endpoints") or [])] if isinstance(link, dict) else []
    if len(ends) != 2 or any(end is None or end[0] not in nodes for end in ends):
        found.left_out.append(f"a link that leads outside: {_told(link)}")
        return
    (one, first), (other, second) = (end for end in ends if end)
    switch = next((name for name in (one, other) if name in switches), "")
    if one in switches and other in switches:
        found.left_out.append(f"a link between two switches: {_told(link)}")
        return
    network = slug(switch or f"{one}-{other}", () if switch else found.networks)
    if network not in found.networks:
        found.networks.append(network)
    for name, interface in ((one, first), (other, second)):
        if name not in switches:
            _plug(name, interface, network, found)
    if "mtu" in link and network not in switches:
        found.mtus[network] = str(link["mtu"])
    for key in sorted(set(link) - {"endpoints", "type", "mtu"}):
        found.left_out.append(f"the link {one} to {other}: {key}={link[key]}")


def _plug(name: str, interface: str, network: str, found: _Topology) -> None:
    ports = found.ports.setdefault(name, {})
    match = _INTERFACE.match(interface)
    number = int(match[1]) if match else max(ports, default=0) + 1
    if number in ports:
        number = max(ports) + 1
    if interface != f"eth{number}":
        found.left_out.append(f"{name}: `{interface}` is called `eth{number}` here")
    ports[number] = network


def _end(value: Any) -> tuple[str, str] | None:
    if isinstance(value, str) and ":" in value:
        name, _, interface = value.partition(":")
        return name, interface
    if isinstance(value, dict) and value.get("node"):
        return str(value["node"]), str(value.get("interface") or "")
    return None


def _told(link: Any) -> str:
    return " ".join(str(link).split())[:120]


def _host(
    folder: Path, name: str, node: dict[str, Any], found: _Topology, images: Iterable[str]
) -> ImportedHost:
    wanted = str(node.get("image") or "")
    plain = node["kind"] == "linux"
    image, said = image_for(wanted if plain else f"{node['kind']} router", images)
    if said:
        found.left_out.append(f"{name}: {said}")
    if not plain:
        found.left_out.append(f"{name}: a `{node['kind']}` became `{image}`; its commands differ")
    ports = found.ports.get(name, {})
    networks: list[str | None] = [ports.get(number) for number in range(max(ports, default=0) + 1)]
    if networks[0] is None and ports:
        networks[0] = MANAGEMENT
    files = _bound(folder, name, node.get("binds") or [], found)
    commands = [str(each) for each in node.get("exec") or []]
    for key in sorted(set(node) - CARRIED - IDLE):
        found.left_out.append(f"{name}: {key}={_told(node[key])}")
    sysctls = {str(key): str(value) for key, value in (node.get("sysctls") or {}).items()}
    called = slug(name)
    if called != name:
        found.left_out.append(f"{name} is called `{called}` here")
    return ImportedHost(
        called,
        image,
        tuple(networks) if ports else (),
        "\n".join(commands),
        files,
        re.sub(r"(?i)i?b$", "", str(node.get("memory") or "")).upper(),
        str(node.get("cpu") or ""),
        sysctls,
    )


def _bound(folder: Path, name: str, binds: list[Any], found: _Topology) -> dict[str, LabFileEntry]:
    """The files that are bound into a node, by their paths there."""
    files: dict[str, LabFileEntry] = {}
    for bind in binds:
        source, _, target = str(bind).partition(":")
        target = target.partition(":")[0].lstrip("/")
        place = folder / source
        if source.startswith("/") or ".." in Path(source).parts or not target:
            found.left_out.append(f"{name}: the bind `{bind}`")
        elif place.is_dir():
            files |= {f"{target}/{path}": entry for path, entry in files_below(place).items()}
        elif place.is_file() and not place.is_symlink():
            files[target] = LabFileEntry(place.read_bytes(), bool(place.stat().st_mode & 0o111))
        else:
            found.left_out.append(f"{name}: the bind `{bind}` (there is no such file)")
    return files
