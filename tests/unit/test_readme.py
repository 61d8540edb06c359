"""What the README says is there is there."""

from __future__ import annotations

import re
from pathlib import Path

from labctl.library.library import Library
from labctl.library.surroundings import BUILT_IN

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_lists_the_labs_under_their_areas_and_levels() -> None:
    text = README.read_text("utf-8")
    found = {}
    for area, *levels in re.findall(r"^\| (\w+) \| (.*) \| (.*) \| (.*) \|$", text, re.MULTILINE):
        for level, names in enumerate(levels, 2):
            listed = [name for name in names.split(", ") if name]
            found.update(dict.fromkeys(listed, (area, level)))
    assert found == {each.id: (each.area, each.level) for each in Library((BUILT_IN,)).list()}
