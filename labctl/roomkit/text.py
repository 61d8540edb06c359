"""The labs' Markdown as HTML for paper: no pictures, nothing to be fetched.

What is given back is HTML in which all markup of the text's own is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from labctl.library.undrawn import CLOSE, OPEN

_MARKS = re.compile(r"[`*]")
_LETTER = re.compile(f"{OPEN}([A-Z]{{1,2}}){CLOSE}")


WIDE = 3
"""Columns from which a table may be too wide for large print."""


def paragraphs(text: str) -> str:
    """A brief: paragraphs, lists and tables; letters that stand for values are in boxes.

    A table that may be too wide is of the class `wide`, and its cells know their column's name.
    """
    reader = _reader()
    tokens = reader.parse(text)
    _label(tokens)
    return _boxed(reader.renderer.render(tokens, reader.options, {}))


def line(text: str) -> str:
    """A title or an answer, on one line."""
    return _boxed(_reader().renderInline(" ".join(text.split())))


def _label(tokens: Sequence[Token]) -> None:
    """Give the cells of every table the names of their columns."""
    table: Token | None = None
    names: list[str] = []
    column = 0
    for before, token in pairwise(tokens):
        if before.type == "table_open":
            table, names = before, []
        elif before.type == "tr_open":
            column = 0
        elif before.type == "th_open":
            names.append(_MARKS.sub("", token.content))
            if table is not None and len(names) == WIDE:
                table.attrSet("class", "wide")
        elif before.type == "td_open":
            before.attrSet("data-column", names[column])
            column += 1


def _boxed(html: str) -> str:
    return _LETTER.sub(r'<span class="value">\1</span>', html)


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    # Paper has nothing to click at, and a picture would be fetched.
    return reader.disable(["link", "image", "autolink", "html_inline", "html_block"])
