"""The wording of what is wrong in a lab: a folder in `library/broken`, and its text beside it.

A new case is a new folder. To write the texts again after a change that is meant:
`python tests/golden/test_lab_errors.py`, and read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labctl.library.catalogue import load_catalogue
from labctl.library.lint import lint
from labctl.library.surroundings import ImageFacts, Surroundings

HERE = Path(__file__).parent / "library"
BROKEN = HERE / "broken"
CASES = sorted(path.name for path in BROKEN.iterdir() if path.is_dir())

AROUND = Surroundings(
    images={
        "host": ImageFacts(login=True),
        "router": ImageFacts(login=True),
        "examiner": ImageFacts(),
        "machine": ImageFacts(login=True, machine=True),
    },
    catalogue=load_catalogue([HERE / "labs" / "catalogue.yaml"]),
)


def text_of(name: str) -> str:
    """Every finding of a broken lab, with paths that are the same on every machine."""
    return "".join(f"{finding}\n" for finding in lint(Path(name), AROUND))


@pytest.mark.parametrize("name", CASES)
def test_everything_wrong_is_told_in_one_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    assert text_of(name) == (BROKEN / f"{name}.txt").read_text()


if __name__ == "__main__":
    os.chdir(BROKEN)
    for case in CASES:
        (BROKEN / f"{case}.txt").write_text(text_of(case))
