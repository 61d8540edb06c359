"""Whether what somebody typed into a form came back as text, or as a piece of the page.

A value is read as a browser would read it if it stood, unescaped, between elements or in an
attribute between quotation marks: the elements and attributes that it would make are what must not
be in the page that comes back, unless they were there before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from checkers.web._curl import Response
from checkers.web._document import Document, TooMuch, parsed, text_of

Trace = tuple[str, tuple[tuple[str, str], ...], str]
"""An element's name, attributes and text."""


def _fragment(html: str) -> Document:
    page = f"<!doctype html><title>x</title><body>{html}"
    return parsed(Response(200, {"content-type": "text/html; charset=utf-8"}, page.encode()))


def _traces(root: Element) -> Counter[Trace]:
    """What is in an element, itself not counted."""
    return Counter(
        (str(one.tag), tuple(sorted(one.items())), "".join(one.itertext()))
        for one in root.iter()
        if one is not root
    )


def _attributes(document: Document) -> Counter[tuple[str, str]]:
    return Counter(pair for one in document.root.iter() for pair in one.items())


def _broken_out(value: str) -> Iterator[tuple[str, str]]:
    """The attributes that a value makes where it ends the one that it was put into."""
    for mark in ('"', "'"):
        found = next(_fragment(f"<i data-in={mark}{value}{mark}></i>").elements("i"), None)
        if found is not None and found.get("data-in") != value:
            yield from ((name, text) for name, text in found.items() if name != "data-in" and text)


def came_alive(value: str, before: Document, after: Document) -> bool:
    """Whether a value is in the page `after` as elements or attributes, which it was not before."""
    try:
        piece = _fragment(value)
        made = _traces(next(piece.elements("body"), piece.root))
        attributes = set(_broken_out(value))
    except TooMuch:
        return True
    old, new = _traces(before.root), _traces(after.root)
    if any(new[trace] > old[trace] for trace in made):
        return True
    had, has = _attributes(before), _attributes(after)
    return any(has[pair] > had[pair] for pair in attributes)


def shown(value: str, document: Document) -> bool:
    """Whether a value stands in a page as text, or as the value of a field; blanks count once."""
    wanted = " ".join(value.split())
    if wanted in text_of(document.root):
        return True
    return any(
        wanted == " ".join(_field(one).split()) for one in document.elements("input", "textarea")
    )


def _field(element: Element) -> str:
    return element.get("value") or "".join(element.itertext())
