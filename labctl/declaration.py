"""The declaration of authenticity: what a candidate confirms at the hand-in."""

from __future__ import annotations

from pathlib import Path

TEXT = Path(__file__).parent / "templates" / "declaration.txt"


def declaration() -> str:
    """The text as it is shown and kept; its digest in the record says which one it was."""
    return TEXT.read_text(encoding="utf-8")
