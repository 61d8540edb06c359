"""What is wrong in a page by the HTML standard: parse errors, and a few rules on top of them.

Not the whole standard: what may stand in what is not looked at beyond what the parser notices.
Sources: HTML Standard, sections 13.2.2 (parse errors), 3.2.5 and 3.2.6.1 (`id`), 4.2.2 (`title`),
4.7.4.4.1 (`alt`), 16.2 (obsolete elements).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from checkers.web._document import Document, ParseError, name_of, spelled
from checkers.words import plain, quoted

_ELEMENTS = frozenset(
    word
    for line in (
        "a abbr address area article aside audio b base bdi bdo blockquote body br button canvas",
        "caption cite code col colgroup data datalist dd del details dfn dialog div dl dt em embed",
        "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html i",
        "iframe img input ins kbd label legend li link main map mark menu meta meter nav noscript",
        "object ol optgroup option output p picture pre progress q rp rt ruby s samp script search",
        "section select selectedcontent slot small source span strong style sub summary sup table",
        "tbody td template textarea tfoot th thead time title tr track u ul var video wbr",
    )
    for word in line.split()
)
"""Every element of the HTML Standard (its index of elements)."""

_SAID = {
    "duplicate-attribute": "an attribute stands twice in one tag",
    "expected-closing-tag-but-got-eof": "the page ends while elements are open",
    "expected-doctype-but-got-chars": "the page does not begin with <!doctype html>",
    "expected-doctype-but-got-eof": "the page does not begin with <!doctype html>",
    "expected-doctype-but-got-start-tag": "the page does not begin with <!doctype html>",
    "expected-doctype-but-got-end-tag": "the page does not begin with <!doctype html>",
    "expected-named-entity": "& begins the name of no character; write &amp;",
    "expected-one-end-tag-but-got-another": "an element is not closed before what it stands in",
    "named-entity-without-semicolon": "the name of a character lacks its semicolon",
    "non-void-element-with-trailing-solidus": "an element that is not empty cannot end with />",
    "unknown-doctype": "its doctype is not <!doctype html>",
}


def problems(document: Document) -> Iterator[str]:
    """Each thing that is wrong, in words for the candidate, in the order of finding."""
    yield from map(_spoken, document.errors)
    titles = [one for one in document.elements("title") if one.text and one.text.strip()]
    if not titles:
        yield "it has no title"
    ids = Counter(one.get("id") for one in document.elements() if one.get("id") is not None)
    for id_, count in ids.items():
        if count > 1:
            yield f"the id {quoted(id_ or '')} stands {count} times"
        if not id_ or id_.split() != [id_]:
            yield f"an id cannot be {quoted(id_ or '')}"
    for one in document.elements():
        name = name_of(one)
        if name not in _ELEMENTS and "-" not in name:
            yield f"there is no element <{plain(name, 40)}> in HTML any more, or never was"
        if name == "img" and one.get("alt") is None:
            yield f"{spelled(one)} has no alt text"


def _spoken(error: ParseError) -> str:
    text = _SAID.get(error.code, error.code.replace("-", " "))
    about = f" (<{plain(error.element, 40)}>)" if error.element else ""
    return f"line {error.line}: {plain(text)}{about}"
