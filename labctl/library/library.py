"""The labs that there are: the built-in ones and those of a centre's own folders.

A library is a folder with labs at `AREA/LAB/lab.yaml` or `LAB/lab.yaml`, and perhaps `images/` and
`catalogue.yaml`. Where two libraries have a lab of one id, the first in the search path is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from labctl.errors import UnknownName, UsageError
from labctl.library.findings import Finding
from labctl.library.folder import LAB_FILE, Folder, LabFileEntry, read_folder
from labctl.library.planning import Lab, lab_of
from labctl.library.source import Source, read_source
from labctl.library.surroundings import BUILT_IN, Surroundings, surroundings_of

VARIABLE = "LABCTL_LIBRARY"
"""Environment variable with further library folders, separated by colons."""

NO_LABS = frozenset({"images"})


@dataclass(frozen=True, slots=True)
class LabEntry:
    """A lab as lists show it. A lab whose header is broken has `findings`, and empty values."""

    id: str
    title: str
    area: str
    level: int
    provider: str
    duration_minutes: int
    summary: str
    folder: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """The labs of some folders, in the order in which they are searched."""

    roots: tuple[Path, ...]

    @classmethod
    def open(
        cls,
        paths: Iterable[Path | str] = (),
        environment: Mapping[str, str] | None = None,
        *,
        built_in: bool = True,
    ) -> Library:
        """The libraries at `paths` (`--library`), of `LABCTL_LIBRARY`, and the built-in one.

        Raises `UsageError` for a folder that is not there.
        """
        variables = os.environ if environment is None else environment
        named = [Path(path) for path in paths]
        named += [Path(path) for path in variables.get(VARIABLE, "").split(os.pathsep) if path]
        for path in named:
            if not path.is_dir():
                raise UsageError(
                    f"There is no library at `{path}`.",
                    f"Check `--library` and the variable `{VARIABLE}`.",
                )
        roots = [path.resolve() for path in named] + ([BUILT_IN] if built_in else [])
        return cls(tuple(dict.fromkeys(roots)))

    def list(self) -> tuple[LabEntry, ...]:
        """Every lab, by area and level. Broken ones are listed too, with what is wrong."""
        entries: dict[str, LabEntry] = {}
        for folder in self.folders():
            entry = _entry(folder)
            first = entries.get(entry.id)
            if first is None:
                entries[entry.id] = entry
            else:
                entries[f"{entry.id}\n{folder}"] = replace(entry, findings=_shadowed(entry, first))
        return tuple(sorted(entries.values(), key=lambda one: (one.area, one.level, one.id)))

    def folders(self) -> Iterator[Path]:
        """The folders of all labs, in the order in which they are searched."""
        for root in self.roots:
            files = [*root.glob(f"*/{LAB_FILE}"), *root.glob(f"*/*/{LAB_FILE}")]
            for path in sorted(files):
                if path.relative_to(root).parts[0] not in NO_LABS:
                    yield path.parent

    def folder(self, lab_id: str) -> Path:
        """The folder of the lab called `lab_id`; raises `UnknownName` with the nearest."""
        folders = list(self.folders())
        for folder in folders:
            if folder.name == lab_id:
                return folder
        raise UnknownName("lab", lab_id, {one.name for one in folders}, "labctl labs list")

    def lab(self, lab_id: str) -> Lab:
        """The lab called `lab_id`.

        Raises `UnknownName` with the nearest names, and `LabFileError` with every mistake if its
        file is broken.
        """
        folder = self.folder(lab_id)
        return lab_of(read_source(read_folder(folder), str(folder)), self.surroundings())

    def surroundings(self) -> Surroundings:
        """The images and the catalogue that labs may refer to."""
        return surroundings_of(self.roots)


def lab_from_archive(archive: Folder, around: Surroundings) -> Lab:
    """The lab in a folder that was stored; raises `LabFileError` if it is broken."""
    return lab_of(read_source(archive, "(stored)"), around)


def _entry(folder: Path) -> LabEntry:
    """What a list shows of the lab at `folder`; reads the lab file alone."""
    source = _only_file(folder)
    header = source.header
    raw = source.raw_header
    if header is not None:
        return LabEntry(
            id=header.id,
            title=header.title,
            area=header.area,
            level=header.level,
            provider=header.provider,
            duration_minutes=-(-header.duration // 60),
            summary=header.summary,
            folder=str(folder),
            findings=source.findings,
        )
    return LabEntry(
        id=folder.name,
        title=_text(raw.get("title")),
        area=_text(raw.get("area")),
        level=raw["level"] if isinstance(raw.get("level"), int) else 0,
        provider=_text(raw.get("provider")),
        duration_minutes=0,
        summary=_text(raw.get("summary")),
        folder=str(folder),
        findings=source.findings,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _only_file(folder: Path) -> Source:
    path = folder / LAB_FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        finding = Finding(str(path), 0, 0, "error", f"cannot be read: {error.strerror}")
        return replace(read_source(Folder({}), str(folder)), findings=(finding,))
    return read_source(Folder({LAB_FILE: LabFileEntry(content)}), str(folder))


def _shadowed(entry: LabEntry, first: LabEntry) -> tuple[Finding, ...]:
    message = f"the lab `{first.folder}` has the id `{entry.id}` too, and is used instead"
    finding = Finding(f"{entry.folder}/{LAB_FILE}", 0, 0, "error", message, "Rename one of them.")
    return (*entry.findings, finding)
