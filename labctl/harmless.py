"""Texts that may hold bytes of a candidate's, made harmless for a terminal or a text file."""

from __future__ import annotations

import unicodedata

KEPT = "\n\t"
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""The categories of characters that are not seen, or do something to a terminal."""


def harmless(text: str) -> str:
    r"""`text` with control and invisible characters spelt out (`\x1b`), line ends kept."""
    return "".join(_shown(letter) for letter in text)


def one_line(text: str) -> str:
    r"""`text` as `harmless` shows it, on one line: a name may hold line ends, shown as `\n`."""
    return harmless(text).replace("\n", r"\n").replace("\t", r"\t")


def _shown(letter: str) -> str:
    if letter in KEPT or unicodedata.category(letter) not in UNSEEN:
        return letter
    return letter.encode("unicode_escape", "surrogatepass").decode()
