"""Writes an imported scenario as a lab folder that lints, with one task to begin with."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from labctl.errors import UsageError
from labctl.library.folder import LAB_FILE, Folder, LabFileEntry
from labctl.library.importing.model import Imported, ImportedHost

SOLUTION = "# The model solution of the first task.\necho done >/root/note\n"

TASK = """\
# One task to begin with. Write your own: what the candidate is asked, and what is checked.
# `labctl labs checks` lists the check types, docs/lab-format.md describes the whole file.
tasks:
  - id: first-task
    title: Leave a note                     # to change
    brief: |
      Write the word `done` into the file `/root/note` on `{host}`.
    checks:
      - id: note
        title: The note is there
        host: {host}
        file: {{path: /root/note, content: done}}

cases:
  - name: solution
    apply: {{{host}: cases/solution.sh}}
    expect: {{outcome: achieved, marks: all}}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lab is written to: `library`/`area`/`lab_id`; and its level."""

    library: Path
    area: str
    lab_id: str
    level: int


def write_lab(found: Imported, place: Place) -> Path:
    """Write the scenario to its place and return that folder.

    Raises `UsageError` if something is there already; then nothing is written.
    """
    target = place.library / place.area / place.lab_id
    if os.path.lexists(target):
        raise UsageError(f"`{target}` is there already.", "Choose another id with `--id`.")
    files = {LAB_FILE: _entry(_lab(found, place))}
    files["cases/solution.sh"] = _entry(SOLUTION)
    for host in found.hosts:
        if host.script.strip() or host.files:
            files[f"setup/{host.name}.sh"] = _entry(_setup(found, host))
        for path, entry in host.files.items():
            files[f"files/{host.name}/{path}"] = entry
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-lab-", dir=target.parent) as beside:
        draft = Path(beside) / place.lab_id
        Folder(dict(sorted(files.items()))).extract(draft)
        draft.rename(target)
    return target


def _entry(text: str) -> LabFileEntry:
    return LabFileEntry(text.encode())


def _lab(found: Imported, place: Place) -> str:
    host = found.hosts[0].name
    return "".join(
        [
            f"format: 1\nid: {place.lab_id}\n",
            f"title: {_text(found.title)}\n",
            f"summary: {_text(f'Imported from a scenario of {found.origin}.')}\n",
            f"area: {place.area}\nlevel: {place.level}\nduration: 45m\n\n",
            _left_out(found),
            _networks(found),
            "hosts:\n",
            *(_host(each) for each in found.hosts),
            "\n",
            TASK.format(host=host),
        ]
    )


def _left_out(found: Imported) -> str:
    if not found.left_out:
        return ""
    lines = "".join(f"#   {' '.join(line.split())}\n" for line in found.left_out)
    return f"# Not carried over:\n{lines}\n"


def _networks(found: Imported) -> str:
    names = dict.fromkeys(name for host in found.hosts for name in _plugged(host))
    if not names:
        return ""
    mtus = {name: f"mtu: {found.mtus[name]}" for name in names if name in found.mtus}
    return "networks:\n" + "".join(f"  {name}: {{{mtus.get(name, '')}}}\n" for name in names)


def _plugged(host: ImportedHost) -> list[str]:
    """The host's networks; where the scenario skips a number, one that leads nowhere."""
    return [name or f"unused-{host.name}-eth{n}"[:32] for n, name in enumerate(host.networks)]


def _host(host: ImportedHost) -> str:
    parts = [f"image: {host.image}", f"networks: [{', '.join(_plugged(host))}]", "access: root"]
    if host.memory:
        parts.append(f"memory: {host.memory}")
    if host.cpus:
        parts.append(f"cpus: {host.cpus}")
    if host.sysctls:
        pairs = ", ".join(f"{key}: {_text(value)}" for key, value in host.sysctls.items())
        parts.append(f"sysctls: {{{pairs}}}")
    if host.script.strip() or host.files:
        parts.append(f"setup: setup/{host.name}.sh")
    return f"  {host.name}: {{{', '.join(parts)}}}\n"


def _setup(found: Imported, host: ImportedHost) -> str:
    lines = [f"# From {found.origin}, where it ran at every start; here it runs once."]
    if host.files:
        lines.append(f'cp -r "$LAB_FILES/{host.name}/." /')
    if host.script.strip():
        lines.append("set +eu  # a command that fails stops nothing, as there")
        lines += [host.script.rstrip(), "true"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A YAML text, which JSON's is too; no template of ours begins in it."""
    return json.dumps(text.replace("{{", "{ {").replace("{%", "{ %"), ensure_ascii=False)
