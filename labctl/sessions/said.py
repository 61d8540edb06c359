"""Texts that people write into the record, where they stay for ever: reasons, notes, notices."""

from __future__ import annotations

import re

from labctl.errors import UsageError
from labctl.store import Store

LONGEST = 2000


def fit(store: Store, text: str, what: str) -> str:
    """The text as it can be recorded; `what` it is, in a word.

    Raises `UsageError` if it says nothing, is too long, or holds the name of a person on record:
    the log cannot be erased, a person can.
    """
    told = text.strip()
    if not told:
        raise UsageError(f"The {what} is empty.", "Say it in a sentence: it stays in the record.")
    if len(told) > LONGEST:
        raise UsageError(
            f"The {what} is {len(told)} letters long; {LONGEST} are the most.",
            "Keep the rest on paper, and say where it is.",
        )
    plain = _plain(told)
    for person in store.people().values():
        name = _plain(person.name)
        # A single word may be any word ("we will go on"): only a whole name is told from it.
        if " " in name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain):
            raise UsageError(
                f"The {what} names the person behind `{person.code}`.",
                "Write the code: what is recorded can never be erased, names must be.",
            )
    return told


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
