r"""Phrases that a candidate can read, made safe wherever they hold bytes of a candidate's.

Every such byte may have been chosen to mislead whoever looks at it: escape sequences that repaint
a terminal, characters that turn the direction of writing, markup that a screen would obey. What
cannot be shown as it is, is shown in a notation of backslashes that is the same everywhere:
`\n` and `\x1b` for control characters, `\u202e` for invisible ones, `\[` before what looks like a
tag of markup, and `\\` for a backslash itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 120
"""Characters of one value that are shown."""

_TAG = re.compile(r"\[(?=[A-Za-z#/@])")
_ESCAPED_TAG = re.compile(r"(\\*)\[(?=[A-Za-z#/@])")
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")
_SHORT = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}


def plain(data: bytes | str, longest: int = LONGEST) -> str:
    r"""`data` on one line, made safe and shortened in the middle of a long text to its two ends.

    Bytes are read as UTF-8; what is none is shown as `\xff`.
    """
    text = _decoded(data, longest) if isinstance(data, bytes) else data
    if len(text) > longest:
        head = longest * 2 // 3
        tail = longest - head - 1
        text = f"{text[:head]}…{text[len(text) - tail :]}"
    return _TAG.sub(r"\\[", "".join(_shown(letter) for letter in text))


def _decoded(data: bytes, longest: int) -> str:
    """Bytes as text; undecodable ones become lone surrogates, which `_shown` then spells out."""
    # Four bytes a character at most: nothing beyond could be shown anyway.
    most = longest * 4
    if len(data) > 2 * most:
        ends = data[:most].decode("utf-8", "surrogateescape")
        return ends + data[-most:].decode("utf-8", "surrogateescape")
    return data.decode("utf-8", "surrogateescape")


def _shown(letter: str) -> str:
    if letter == "\\":
        return "\\\\"
    if letter in _SHORT:
        return _SHORT[letter]
    if letter == " " or unicodedata.category(letter) not in _UNSEEN:
        return letter
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quoted(data: bytes | str, longest: int = LONGEST) -> str:
    """`data` as `plain` shows it, between quotation marks; `nothing` where it is empty."""
    return f'"{plain(data, longest)}"' if data else "nothing"


def clean(text: str, longest: int = 2000) -> str:
    """A whole phrase made harmless to show; one that is already so stays as it is.

    For texts of which it is not known what in them came from a candidate: control and invisible
    characters are spelt out, what looks like markup is escaped, line ends become blanks.
    """
    shortened = text if len(text) <= longest else f"{text[:longest]}…"
    flat = " ".join(shortened.split())
    spelt = "".join(letter if letter == "\\" else _shown(letter) for letter in flat)
    return _ESCAPED_TAG.sub(_one_more, spelt)


def _one_more(found: re.Match[str]) -> str:
    """An odd number of backslashes before what looks like a tag takes its meaning away."""
    before = found[1]
    return f"{before}[" if len(before) % 2 else f"{before}\\["


def listed(items: Iterable[str], *, none: str = "none", most: int = 12) -> str:
    """`a`, `a and b`, `a, b and c`; `none` for no items, and a count of those past `most`."""
    every = list(items)
    if not every:
        return none
    if len(every) > most:
        return f"{', '.join(every[:most])} and {len(every) - most} more"
    if len(every) == 1:
        return every[0]
    return f"{', '.join(every[:-1])} and {every[-1]}"


def size(count: int) -> str:
    """A number of bytes in words: `0 bytes`, `24 bytes`, `3.4 MiB`."""
    if count < 1024:
        return f"{count} byte{'' if count == 1 else 's'}"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if value < 1024:
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TiB"
