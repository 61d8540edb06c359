"""What a lab file may refer to outside its folder: images and the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labctl.errors import LabFileError
from labctl.library import strict_yaml
from labctl.library.catalogue import CATALOGUE_FILE, Catalogue, load_catalogue

BUILT_IN = Path(__file__).resolve().parents[2] / "labs"
"""The labs that come with the program: beside the package, in a checkout as in a wheel."""

IMAGE_FILE = "image.yaml"


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What labs need to know of an image.

    `login`: candidates may enter hosts made from it; `machine`: these are virtual machines.
    """

    login: bool = False
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The images that there are, by name, and the catalogue.

    Where `images` is empty, images are not known and any name will do.
    """

    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=Catalogue)


def surroundings_of(roots: Iterable[Path]) -> Surroundings:
    """What the libraries at `roots` offer, the first root winning; raises `LabFileError`."""
    roots = list(roots)
    images: dict[str, ImageFacts] = {}
    for root in reversed(roots):
        images |= _images(root / "images")
    return Surroundings(images, load_catalogue(root / CATALOGUE_FILE for root in roots))


def _images(folder: Path) -> dict[str, ImageFacts]:
    found = {}
    for path in sorted(folder.glob(f"*/{IMAGE_FILE}")):
        try:
            value = strict_yaml.load(path.read_text("utf-8"), str(path))
        except (LabFileError, OSError, UnicodeDecodeError):
            continue  # `labctl images` says what is wrong with it
        if not isinstance(value, dict):
            value = {}
        machine = value.get("kind") == "machine"
        found[path.parent.name] = ImageFacts(value.get("login") is True, machine)
    return found
