"""Writes a new lab to begin with: one that lints and verifies as it is."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from labctl.errors import UsageError
from labctl.library.findings import nearest
from labctl.library.format import Id

SCAFFOLDS = Path(__file__).parent / "scaffolds"
AREAS = {"networking": "networking", "linux": "linux", "hardware": "linux", "web": "linux"}
"""Which scaffold a lab of each area begins with."""

LEVELS = (2, 3, 4)


def scaffold(library: Path, lab_id: str, area: str, level: int) -> Path:
    """Write the lab `lab_id` at `library`/`area`/`lab_id` and return that folder.

    Raises `UsageError` if the id, area or level cannot be, or if something is there already; then
    nothing is written.
    """
    try:
        TypeAdapter(Id).validate_python(lab_id)
    except ValidationError:
        raise UsageError(
            f"`{lab_id}` cannot be the id of a lab.",
            "Use lower-case letters, digits and dashes, 64 at most.",
        ) from None
    if area not in AREAS:
        raise UsageError(f"There is no area `{area}`.", nearest(area, AREAS))
    if level not in LEVELS:
        raise UsageError(f"There is no level {level}.", "A lab has the level 2, 3 or 4.")
    target = library / area / lab_id
    if os.path.lexists(target):
        raise UsageError(f"`{target}` is there already.", "Choose another id.")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Written beside its place and moved there whole, so that no half of a lab is ever found.
    with tempfile.TemporaryDirectory(prefix=".new-lab-", dir=target.parent) as beside:
        draft = Path(beside) / lab_id
        shutil.copytree(SCAFFOLDS / AREAS[area], draft)
        _fill(draft / "lab.yaml", {"ID": lab_id, "AREA": area, "LEVEL": str(level)})
        draft.rename(target)
    return target


def _fill(path: Path, values: dict[str, str]) -> None:
    text = path.read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    path.write_text(text, "utf-8")
