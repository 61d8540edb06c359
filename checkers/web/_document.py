"""An HTML page read as the HTML standard has it read, with what the standard calls parse errors.

The parser is tinyhtml5, the selectors are cssselect2's. Both cope with whatever a server sends;
here they are kept from taking long over it, or much memory, by limits of size, number and depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from xml.etree.ElementTree import Element

import cssselect2
from tinyhtml5.parser import HTMLParser
from tinyhtml5.treebuilder import TreeBuilder

from checkers.web._curl import Response
from checkers.words import plain, size

LARGEST = 128 << 10
MOST_ELEMENTS = 20_000
DEEPEST = 256

_HTML = "{http://www.w3.org/1999/xhtml}"
_WITHIN_LINES = frozenset(
    (
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
        "var",
        "wbr",
    )
)
"""Elements that do not part the text in them from the text beside them."""

_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9._:-]+)", re.IGNORECASE)


class TooMuch(ValueError):
    """A page that is beyond the limits; the message says which, in words for the candidate."""


class _Tree(TreeBuilder):  # type: ignore[misc]  # tinyhtml5 has no types
    """A tree that refuses to grow without bounds."""

    made = 0

    def _count(self) -> None:
        self.made += 1
        if self.made > MOST_ELEMENTS:
            raise TooMuch(f"the page has more than {MOST_ELEMENTS} elements")
        if len(self.open_elements) > DEEPEST:
            raise TooMuch(f"its elements stand within each other more than {DEEPEST} deep")

    def create_element(self, token: Any) -> Any:
        """As the parent does, counted."""
        self._count()
        return super().create_element(token)

    def insert_element_normal(self, token: Any) -> Any:
        """As the parent does, counted."""
        self._count()
        return super().insert_element_normal(token)


class _Parser(HTMLParser):  # type: ignore[misc]  # as above
    def __init__(self) -> None:
        super().__init__()
        self.tree = _Tree(namespace_html_elements=True)
        for phase in self.phases.values():
            phase.tree = self.tree


@dataclass(frozen=True, slots=True)
class ParseError:
    """A parse error of the HTML standard: its line, its code, and the element it is about."""

    line: int
    code: str
    element: str = ""


@dataclass(frozen=True)
class Document:
    """A page's elements, the parse errors in the order in which they came, and its encoding."""

    root: Element
    errors: tuple[ParseError, ...]
    url: str
    encoding: str = "utf-8"

    @cached_property
    def _wrapped(self) -> Any:
        return cssselect2.ElementWrapper.from_html_root(self.root)

    def wrapped(self, selector: str) -> list[Any]:
        """The elements that fit a selector, as cssselect2 wants them for further questions."""
        return list(self._wrapped.query_all(selector))

    def select(self, selector: str) -> list[Element]:
        """The elements that fit a selector (see `selector`), in the order of the page."""
        return [one.etree_element for one in self.wrapped(selector)]

    def elements(self, *names: str) -> Iterator[Element]:
        """The HTML elements of these names, in the order of the page; every one without names."""
        for one in self.root.iter():
            name = name_of(one)
            if name and (not names or name in names):
                yield one

    @property
    def title(self) -> str | None:
        """The text of the page's title; None where it has none."""
        found = next(self.elements("title"), None)
        return None if found is None else text_of(found)


def parsed(response: Response) -> Document:
    """Read a page; raises `TooMuch` for one beyond the limits."""
    if len(response.body) > LARGEST:
        raise TooMuch(f"the page has {size(len(response.body))}, more than {size(LARGEST)}")
    parser = _Parser()
    declared = _CHARSET.search((response.headers or {}).get("content-type", ""))
    root = parser.parse(response.body, transport_encoding=declared[1] if declared else None)
    errors = tuple(
        ParseError(position[0], code, str((values or {}).get("name", "")))
        for position, code, values in parser.errors
    )
    return Document(root, errors, response.url, parser.encoding)


def is_html(response: Response) -> bool:
    """Whether an answer says that it is an HTML page."""
    kind = (response.headers or {}).get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "text/html"


def name_of(element: Element) -> str:
    """The name of an HTML element; empty for comments and for SVG and MathML."""
    tag: Any = element.tag  # that of a comment is a function
    return tag.removeprefix(_HTML) if isinstance(tag, str) and tag.startswith(_HTML) else ""


def text_of(element: Element) -> str:
    """The text in an element, blank space counting once, without scripts and styles."""
    return " ".join("".join(_texts(element)).split())


def _texts(element: Element) -> Iterator[str]:
    tag: Any = element.tag
    if not isinstance(tag, str) or name_of(element) in {"script", "style", "template"}:
        return
    apart = "" if name_of(element) in _WITHIN_LINES else " "
    yield apart
    yield element.text or ""
    for child in element:
        yield from _texts(child)
        yield child.tail or ""
    yield apart


def spelled(element: Element) -> str:
    """An element's start in words: `<a href="…">`, safe to show."""
    attributes = "".join(f' {name}="{value}"' for name, value in list(element.items())[:3])
    return plain(f"<{name_of(element) or 'element'}{attributes}>", 80)


def selector(text: str) -> str:
    """`text`, if it is a selector of CSS that can be used here; raises `ValueError`."""
    try:
        found = cssselect2.compile_selector_list(text)
    except cssselect2.SelectorError as problem:
        raise ValueError(f"`{text}` is no selector: {problem}") from problem
    if any(one.never_matches or one.pseudo_element for one in found):
        raise ValueError(f"`{text}` fits nothing in a page that stands still")
    return text
