"""Words: whatever a candidate wrote, what is shown is one line that no screen obeys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from checkers.words import clean, listed, plain, quoted, size


@pytest.mark.parametrize(
    "data, text",
    [
        (b"plain", "plain"),
        ("caf\u00e9", "caf\u00e9"),
        (b"caf\xe9", r"caf\xe9"),
        (b"\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
        (b"a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u200bx\u2028y", r"\u200bx\u2028y"),
        ("\U000e0041", r"\U000e0041"),
        ("[bold]x[/bold] [@click=quit]", r"\[bold]x\[/bold] \[@click=quit]"),
        ("a[0] [::1]", "a[0] [::1]"),
        ("C:\\x", r"C:\\x"),
        ("\x9b31m", r"\x9b31m"),
    ],
)
def test_plain(data: bytes | str, text: str) -> None:
    assert plain(data) == text


@given(st.one_of(st.binary(max_size=2000), st.text(max_size=2000)))
def test_what_is_shown_is_printable_and_short(data: bytes | str) -> None:
    shown = plain(data)
    assert shown.isprintable()
    assert len(shown) <= 120 * 10
    assert clean(shown) == " ".join(shown.split())


@given(st.text(alphabet="[]/\\bold@= x", max_size=100))
def test_rich_sees_no_markup(text: str) -> None:
    assert not Text.from_markup(plain(text)).spans
    assert not Text.from_markup(clean(text)).spans
    assert clean(plain(text)) == " ".join(plain(text).split())


def test_long_values_keep_both_ends() -> None:
    shown = plain(b"a" * 1_000_000 + b"z" * 1_000_000)
    assert shown.startswith("aaa")
    assert shown.endswith("zzz")
    assert "…" in shown
    assert len(shown) == 120


def test_quoted_and_listed() -> None:
    assert quoted(b"") == "nothing"
    assert quoted("x") == '"x"'
    assert listed([]) == "none"
    assert listed([], none="nobody") == "nobody"
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed("abc") == "a, b and c"
    assert listed("abcd", most=2) == "a, b and 2 more"


@pytest.mark.parametrize(
    "count, text",
    [(0, "0 bytes"), (1, "1 byte"), (1536, "1.5 KiB"), (3 << 30, "3.0 GiB"), (5 << 40, "5.0 TiB")],
)
def test_size(count: int, text: str) -> None:
    assert size(count) == text


def test_clean_keeps_our_own_notation() -> None:
    assert clean("found \\x1b \x1b[1m\n  next") == r"found \x1b \x1b[1m next"
    assert clean(r"[b] \[b] \\[b]") == r"\[b] \[b] \\\[b]"
    assert len(clean("x" * 5000)) == 2001
