"""Reads the image folders: `labs/images/NAME/image.yaml`.

description: one sentence
parent: host                # another image; only `base` has none
login: true                 # may candidates enter hosts made from it
include:                    # more inputs of the build, from the installed packages
  agent: checkers/agent     # `COPY agent/ ...` in the Dockerfile
defaults:                   # of hosts made from it; what is not said is the parent's
  init: sysvinit            # or none
  memory: 128M
  cpus: 0.5
  pids: 256
  capabilities: [NET_RAW]   # the whole set
  seccomp: seccomp.json     # a file of the folder, `default` or `unconfined`
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from labctl.errors import LabFileError, UnknownName
from labctl.images.model import HostDefaults, Image
from labctl.library import strict_yaml

PACKAGES = Path(__file__).resolve().parents[2]
"""The folder that holds `labctl`, `checkers` and `labs`, in a checkout and when installed."""

IMAGES = PACKAGES / "labs" / "images"

_ROOT_DEFAULTS = HostDefaults(
    init="none", memory=128 << 20, cpus=0.5, pids=128, capabilities=(), seccomp=None
)
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def _size(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*[KMG]", text):
        raise ValueError("a size is a whole number and K, M or G, such as 128M")
    return text


def _within(text: str) -> str:
    path = Path(text)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("a path leads down from its folder: no leading `/` and no `..`")
    return text


_Size = Annotated[str, AfterValidator(_size)]
_Relative = Annotated[str, Field(min_length=1), AfterValidator(_within)]
_Capability = Annotated[str, Field(pattern=r"^[A-Z]+(_[A-Z]+)*$")]
_Entry = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class _Defaults(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    init: Literal["sysvinit", "none"] | None = None
    memory: _Size | None = None
    cpus: Annotated[float, Field(gt=0, le=64)] | None = None
    pids: Annotated[int, Field(gt=0)] | None = None
    capabilities: list[_Capability] | None = None
    seccomp: _Relative | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    description: Annotated[str, Field(min_length=1)]
    parent: _Entry | None = None
    login: bool = False
    include: dict[_Entry, _Relative] = {}
    defaults: _Defaults = _Defaults()


class ImageLibrary:
    """All images of one folder, read once.

    `folder` holds a folder an image; `packages` is what `include` paths start from. Raises
    `LabFileError` with all mistakes of the files, one a line.
    """

    def __init__(self, folder: Path = IMAGES, packages: Path = PACKAGES) -> None:
        self._folder = folder
        self._packages = packages
        self._images = _resolve_all(_read_all(folder), folder, packages)

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


def _read_all(folder: Path) -> dict[str, _File]:
    files: dict[str, _File] = {}
    mistakes: list[str] = []
    for path in sorted(folder.glob("*/image.yaml")):
        try:
            content = strict_yaml.load(path.read_text(encoding="utf-8"), str(path))
            files[path.parent.name] = _File.model_validate(content)
        except ValidationError as error:
            mistakes += [f"{path}: {_where(each)}{each['msg']}" for each in error.errors()]
        except LabFileError as error:
            mistakes.append(error.message)
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"{path}: cannot be read: {error}")
    if not files and not mistakes:
        mistakes.append(f"{folder}: no image is defined here (NAME/image.yaml)")
    _raise(mistakes)
    return files


def _where(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: " if place else ""


def _resolve_all(files: dict[str, _File], folder: Path, packages: Path) -> dict[str, Image]:
    """Parents before children; mistakes between the files are reported together."""
    images: dict[str, Image] = {}
    mistakes: list[str] = []
    waiting = dict(files)
    while waiting:
        ready = [n for n, file in waiting.items() if file.parent is None or file.parent in images]
        if not ready:
            mistakes += [
                f"{folder / name / 'image.yaml'}: parent: `{file.parent}` "
                + ("leads round in a circle" if file.parent in files else "is not an image")
                for name, file in waiting.items()
            ]
            break
        for name in ready:
            file = waiting.pop(name)
            below = images[file.parent].defaults if file.parent else _ROOT_DEFAULTS
            try:
                images[name] = _image(name, file, folder / name, packages, below)
            except OSError as error:
                mistakes.append(f"{folder / name / 'image.yaml'}: defaults.seccomp: {error}")
                images[name] = _image(name, file, folder / name, packages, below, profile=False)
    _raise(mistakes)
    return images


def _image(
    name: str, file: _File, folder: Path, packages: Path, below: HostDefaults, profile: bool = True
) -> Image:
    given = file.defaults
    not_built = ["image.yaml"]
    defaults = replace(
        below,
        init=given.init or below.init,
        memory=_bytes(given.memory) if given.memory else below.memory,
        cpus=given.cpus or below.cpus,
        pids=given.pids or below.pids,
        capabilities=(
            below.capabilities if given.capabilities is None else tuple(given.capabilities)
        ),
    )
    if given.seccomp in ("default", "unconfined"):
        defaults = replace(defaults, seccomp=None if given.seccomp == "default" else given.seccomp)
    elif given.seccomp and profile:
        not_built.append(given.seccomp)
        text = (folder / given.seccomp).read_text(encoding="utf-8")
        defaults = replace(defaults, seccomp=text)
    return Image(
        name=name,
        folder=folder,
        description=file.description,
        parent=file.parent,
        login=file.login,
        include=tuple((entry, packages / path) for entry, path in sorted(file.include.items())),
        not_built=tuple(not_built),
        defaults=defaults,
    )


def _bytes(size: str) -> int:
    return int(size[:-1]) * _UNITS[size[-1]]


def _raise(mistakes: list[str]) -> None:
    if mistakes:
        raise LabFileError(
            "\n".join(mistakes),
            "An image's folder is described at the top of labctl/images/library.py.",
        )
