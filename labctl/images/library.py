"""Reads the image folders: `labs/images/NAME/image.yaml`, beside `Dockerfile` and what it copies.

The keys of image.yaml; all but `description` may be left out:

- `description`: one sentence, shown in lists
- `parent`: the image that this one is built on; only `base` has none
- `kind`: `container`, or `machine` for what brings a kernel and boots as a virtual machine; what is
  not said here is the parent's
- `login`: whether candidates may enter hosts made from it (no)
- `include`: more inputs of the build, as a mapping from a name in the build context to a file or
  folder among the installed packages: `{agent: checkers/agent}` serves `COPY agent/ ...`
- `defaults`: what hosts made from it get where their lab says nothing; what is not said here is
  the parent's: `init` (`sysvinit` or `none`), `memory` (`128M`), `cpus`, `pids`, `capabilities`
  (the whole set: every other one is dropped) and `seccomp` (a file of the folder, `default` or
  `unconfined`)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labctl.errors import UnknownName
from labctl.images.model import HostDefaults, Image
from labctl.library import strict_yaml
from labctl.library.findings import Finding, errors_of, lab_file_error, nearest
from labctl.library.positions import Positions
from labctl.library.quantities import Bytes
from labctl.library.shapes import Place, shape_findings

PACKAGES = Path(__file__).resolve().parents[2]
"""The folder that holds `labctl`, `checkers` and `labs`, in a checkout and when installed."""

IMAGES = PACKAGES / "labs" / "images"

ENGINES_OWN = "default"
UNCONFINED = "unconfined"

_ROOT_DEFAULTS = HostDefaults(
    init="none", memory=128 << 20, cpus=0.5, pids=128, capabilities=(), seccomp=None
)

_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
_Inside = Annotated[str, Field(pattern=r"^(?!/)(?!.*(^|/)\.\.?(/|$))[^\0\n]+$")]
_Capability = Annotated[str, Field(pattern=r"^[A-Z]+(_[A-Z]+)*$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, regex_engine="python-re")


class _Defaults(_Shape):
    init: Literal["sysvinit", "none"] | None = None
    memory: Bytes | None = None
    cpus: Annotated[float, Field(gt=0, le=64)] | None = None
    pids: Annotated[int, Field(gt=0)] | None = None
    capabilities: list[_Capability] | None = None
    seccomp: _Inside | None = None


class _File(_Shape):
    description: Annotated[str, Field(min_length=1)]
    parent: _Name | None = None
    kind: Literal["container", "machine"] | None = None
    login: bool = False
    include: dict[_Name, _Inside] = {}
    defaults: _Defaults = _Defaults()


@dataclass(frozen=True, slots=True)
class _Read:
    """One image.yaml as read: its folder, its content, and where the parts of it stand."""

    folder: Path
    file: _File
    positions: Positions

    def finding(self, path: Sequence[str], message: str, hint: str = "") -> Finding:
        return self.positions.finding(path, message, hint)


class ImageLibrary:
    """All images of one or more folders, read once; of two with one name the earlier folder's wins.

    Each of `folders` holds a folder an image; `packages` is what `include` paths start from. Raises
    `LabFileError` with every mistake of every file, one a line.
    """

    def __init__(self, folders: Sequence[Path] = (IMAGES,), packages: Path = PACKAGES) -> None:
        self._images = _resolve(_read_all(folders), packages)

    def names(self) -> tuple[str, ...]:
        """Every image, each after its parent."""
        return tuple(self._images)

    def image(self, name: str) -> Image:
        """The image called `name`; raises `UnknownName`."""
        if name not in self._images:
            raise UnknownName("image", name, self._images, "labctl images list")
        return self._images[name]

    def lineage(self, name: str) -> tuple[Image, ...]:
        """The image and all below it, from the first ancestor to the image itself."""
        image = self.image(name)
        return (*(self.lineage(image.parent) if image.parent else ()), image)


def _read_all(folders: Sequence[Path]) -> dict[str, _Read]:
    read: dict[str, _Read] = {}
    findings: list[Finding] = []
    for folder in reversed(folders):
        for path in sorted(folder.glob("*/image.yaml")):
            found = _read(path, findings)
            if found is not None:
                read[path.parent.name] = found
    if not read and not findings:
        where = ", ".join(str(folder) for folder in folders)
        findings.append(Finding(where, 0, 0, "error", "no image is defined here"))
    _raise(findings)
    return read


def _read(path: Path, findings: list[Finding]) -> _Read | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        findings.append(Finding(str(path), 0, 0, "error", f"cannot be read: {error}"))
        return None
    document = strict_yaml.read(text, str(path))
    findings += document.findings
    try:
        file = _File.model_validate(document.value)
    except ValidationError as error:
        if not errors_of(document.findings):
            place = Place(document.positions)
            findings += shape_findings(error, document.value, _File, place)
        return None
    return _Read(path.parent, file, document.positions)


def _resolve(files: dict[str, _Read], packages: Path) -> dict[str, Image]:
    """Parents before children; mistakes between files are reported together."""
    images: dict[str, Image] = {}
    findings: list[Finding] = []
    waiting = dict(files)
    while waiting:
        ready = [
            name
            for name, read in waiting.items()
            if read.file.parent is None or read.file.parent in images
        ]
        if not ready:
            findings += [_no_parent(read, files) for read in waiting.values()]
            break
        for name in ready:
            read = waiting.pop(name)
            images[name] = _image(name, read, packages, images.get(str(read.file.parent)))
            if images[name].defaults.seccomp == "":
                where = ("defaults", "seccomp")
                findings.append(read.finding(where, "this file cannot be read, or is empty"))
    _raise(findings)
    return images


def _no_parent(read: _Read, files: dict[str, _Read]) -> Finding:
    parent = str(read.file.parent)
    if parent in files:
        return read.finding(("parent",), f"`{parent}` leads round in a circle, or has no parent")
    return read.finding(("parent",), f"no image is called `{parent}`", nearest(parent, files))


def _image(name: str, read: _Read, packages: Path, parent: Image | None) -> Image:
    file, given = read.file, read.file.defaults
    below = parent.defaults if parent else _ROOT_DEFAULTS
    profile = given.seccomp not in (None, ENGINES_OWN, UNCONFINED)
    defaults = replace(
        below,
        **given.model_dump(exclude_none=True, exclude={"capabilities", "seccomp"}),
        capabilities=below.capabilities
        if given.capabilities is None
        else tuple(given.capabilities),
        seccomp=below.seccomp if given.seccomp is None else _profile(read.folder, given.seccomp),
    )
    return Image(
        name=name,
        folder=read.folder,
        description=file.description,
        parent=file.parent,
        kind=file.kind or (parent.kind if parent else "container"),
        login=file.login,
        include=tuple((entry, packages / path) for entry, path in sorted(file.include.items())),
        not_built=("image.yaml", str(given.seccomp)) if profile else ("image.yaml",),
        defaults=defaults,
    )


def _profile(folder: Path, seccomp: str) -> str | None:
    """The profile's text; empty if its file cannot be read."""
    if seccomp in (ENGINES_OWN, UNCONFINED):
        return None if seccomp == ENGINES_OWN else seccomp
    try:
        return (folder / seccomp).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _raise(findings: list[Finding]) -> None:
    if errors_of(findings):
        raise lab_file_error(findings)
