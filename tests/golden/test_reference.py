"""The page about check types says what the types say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkers.reference import entry, renewed
from checkers.registry import known

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"


def test_the_page_is_current() -> None:
    text = PAGE.read_text("utf-8")
    assert renewed(text) == text, "`make docs` renews it"


@pytest.mark.parametrize("kind", known())
def test_an_entry_tells_how_to_write_a_check(kind: str) -> None:
    text = entry(kind)
    assert f"    {kind}: " in text
    assert "\nError: " in text
    assert "| key | value | default |\n|---|---|---|\n| `" in text
    assert "\nRun " in text


def test_a_page_without_its_marker_is_left_alone() -> None:
    with pytest.raises(ValueError, match="has no line"):
        renewed("# Check types\n")
