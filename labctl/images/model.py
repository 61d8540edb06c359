"""What is known of an image: where it comes from and what hosts made from it are given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HostDefaults:
    """What a host gets where its lab says nothing.

    `init` is `sysvinit` (the image boots; the host is ready when `/run/boot-complete` appears) or
    `none`. `memory` is in bytes, `cpus` in processors, `pids` the most processes and threads.
    `capabilities` is the whole set, without the prefix `CAP_`: every other one is dropped.
    `seccomp` is the profile's JSON text, `unconfined`, or None for the engine's own profile.
    """

    init: str
    memory: int
    cpus: float
    pids: int
    capabilities: tuple[str, ...]
    seccomp: str | None


@dataclass(frozen=True, slots=True)
class Image:
    """One image folder: its parent is None for the image that all others start from.

    `kind` is `container` or `machine`: hosts made from the latter are virtual machines, with the
    image's own kernel. `include` pairs a name in the build context with the file or folder that is
    copied there. `not_built` names files of the folder that do not become part of the image.
    """

    name: str
    folder: Path
    description: str
    parent: str | None
    kind: str
    login: bool
    include: tuple[tuple[str, Path], ...]
    not_built: tuple[str, ...]
    defaults: HostDefaults


@dataclass(frozen=True, slots=True)
class ImageStatus:
    """An image as `labctl images list` shows it.

    `kind` is `container` or `machine`. `tag` is named after the inputs as they are now, `present`
    says whether the server has that very image, `size` its bytes with everything below it (0 while
    it is missing).
    """

    name: str
    tag: str
    present: bool
    size: int
    parent: str | None
    description: str
    login: bool
    kind: str = "container"


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """A line of output while `image` is made; `step` of `steps` (both 0 where nobody counts)."""

    image: str
    line: str
    step: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What `build` did about one image: `built` is False where nothing had changed."""

    name: str
    tag: str
    built: bool
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class ResolvedImage:
    """An image that the server has, to make hosts from; `id` is the engine's own name of it."""

    name: str
    tag: str
    id: str
    kind: str
    login: bool
    defaults: HostDefaults
