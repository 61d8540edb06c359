"""Style sheets, and what they come to for an element of a page at a width of the window.

The parser is tinycss2's; rules are matched by cssselect2. The cascade is that of CSS Cascading and
Inheritance, level 4, for the sheets of an author: importance, then inline style, then specificity,
then order. Media queries are understood as far as they name a medium and widths; others do not
hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cssselect2
import tinycss2

from checkers.web._document import Document, TooMuch
from checkers.words import plain

LARGEST = 256 << 10
MOST_RULES = 2000
MOST_STEPS = 3_000_000
_DEEPEST = 8
_FEATURE = re.compile(r"^\((?P<end>min|max)-width:\s*(?P<number>[0-9.]+)(?P<unit>px|em|rem)\)$")
_NOT_CODE = re.compile(r"/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_RANGE = re.compile(r"^\(width\s*(?P<sign><=|>=|<|>)\s*(?P<number>[0-9.]+)(?P<unit>px|em|rem)\)$")


@dataclass(frozen=True, slots=True)
class Rule:
    """Declarations of one selector; `media` are the queries of all `@media` around it.

    `far` counts the combinators that look at any number of elements, `within` the `:has()`.
    """

    selectors: tuple[Any, ...]
    declarations: tuple[tuple[str, str, bool], ...]
    media: tuple[str, ...] = ()
    far: int = 0
    within: int = 0


@dataclass
class Sheet:
    """A style sheet: rules in order, the addresses that it imports, and what is wrong in it."""

    name: str
    rules: list[Rule] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def wrong(self, line: int, message: str) -> None:
        """Note an error at a line."""
        self.errors.append(f"{plain(self.name, 60)} line {line}: {plain(message)}")


def read(name: str, content: bytes, charset: str | None = None) -> Sheet:
    """A style sheet of its own."""
    nodes, _ = tinycss2.parse_stylesheet_bytes(
        content, protocol_encoding=charset, skip_comments=True, skip_whitespace=True
    )
    return _filled(Sheet(name), nodes, content.decode("utf-8", "replace"))


def read_text(name: str, text: str) -> Sheet:
    """What stands in a `style` element."""
    nodes = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    return _filled(Sheet(name), nodes, text)


def inline(text: str) -> list[tuple[str, str, bool]]:
    """The declarations of a `style` attribute."""
    sheet = Sheet("style")
    return list(_declarations(sheet, tinycss2.parse_blocks_contents(text)))


def _filled(sheet: Sheet, nodes: list[Any], text: str) -> Sheet:
    _take(sheet, nodes, (), 0)
    # The parser closes at the end what is open, as it should (CSS Syntax, 5), and is silent.
    bare = _NOT_CODE.sub("", text)
    if bare.count("{") > bare.count("}"):
        sheet.wrong(text.count("\n") + 1, "it ends while a brace is open")
    return sheet


def _take(sheet: Sheet, nodes: list[Any], media: tuple[str, ...], depth: int) -> None:
    for node in nodes:
        if len(sheet.rules) >= MOST_RULES or depth > _DEEPEST:
            sheet.wrong(node.source_line, "more rules than can be read")
            return
        if node.type == "error":
            sheet.wrong(node.source_line, "no rule stands there; is a brace missing?")
        elif node.type == "qualified-rule":
            _take_rule(sheet, node, media)
        elif node.type == "at-rule":
            _take_at_rule(sheet, node, media, depth)


def _take_at_rule(sheet: Sheet, node: Any, media: tuple[str, ...], depth: int) -> None:
    keyword = node.lower_at_keyword
    if keyword == "import":
        words = [one for one in node.prelude if one.type not in {"whitespace", "comment"}]
        address = _address(words[0]) if words else None
        if address is None:
            sheet.wrong(node.source_line, "@import without an address")
        elif len(words) == 1:  # one for a medium is left alone
            sheet.imports.append(address)
    elif keyword in {"media", "supports", "layer"} and node.content is not None:
        inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
        # Whether a browser has a feature is not asked here: what depends on it does not hold.
        query = _squeezed(tinycss2.serialize(node.prelude)) if keyword == "media" else "unknown"
        _take(sheet, inner, media if keyword == "layer" else (*media, query), depth + 1)


def _address(word: Any) -> str | None:
    """The address in `"a.css"`, `url(a.css)` or `url("a.css")`."""
    if word.type == "function" and word.lower_name == "url":
        word = next((one for one in word.arguments if one.type == "string"), word)
    return str(word.value) if word.type in {"string", "url"} else None


def _take_rule(sheet: Sheet, node: Any, media: tuple[str, ...]) -> None:
    declarations = tuple(_declarations(sheet, tinycss2.parse_blocks_contents(node.content)))
    text = _squeezed(tinycss2.serialize(node.prelude))
    try:
        selectors = tuple(cssselect2.compile_selector_list(node.prelude))
    except (cssselect2.SelectorError, RecursionError) as problem:
        sheet.wrong(node.source_line, f"{text}: {problem}")
        return
    tight = re.sub(r"\s*([>+~,])\s*", r"\1", text)
    far, within = tight.count(" ") + tight.count("~"), tight.lower().count(":has(")
    sheet.rules.append(Rule(selectors, declarations, media, far, within))


def _declarations(sheet: Sheet, nodes: list[Any]) -> Iterator[tuple[str, str, bool]]:
    for node in nodes:
        if node.type == "error":
            sheet.wrong(
                node.source_line, "what stands there is no declaration; is a colon missing?"
            )
        elif node.type == "declaration":
            value = _squeezed(tinycss2.serialize(node.value))
            if value:
                yield node.lower_name, value, node.important
            else:
                sheet.wrong(node.source_line, f"{node.name} has no value")


def _squeezed(text: str) -> str:
    return " ".join(text.split())


# --------------------------------------------------------------------------- media


def holds_at(query: str, width: int) -> bool:
    """Whether a list of media queries holds on a screen of `width` pixels."""
    return any(_one_holds(part.strip().lower(), width) for part in query.split(","))


def _one_holds(query: str, width: int) -> bool:
    words = [word.strip() for word in re.split(r"\band\b", query.removeprefix("only ").strip())]
    return all(word in {"all", "screen"} or _feature_holds(word, width) for word in words if word)


def _feature_holds(text: str, width: int) -> bool:
    if found := _FEATURE.match(text):
        edge = _pixels(found)
        return width >= edge if found["end"] == "min" else width <= edge
    if found := _RANGE.match(text):
        edge = _pixels(found)
        return {
            "<=": width <= edge, ">=": width >= edge, "<": width < edge, ">": width > edge
        }[found["sign"]]  # fmt: skip
    return False


def _pixels(found: re.Match[str]) -> float:
    try:
        number = float(found["number"])
    except ValueError:
        return float("nan")
    return number * (1 if found["unit"] == "px" else 16)  # in media queries: the initial size


# --------------------------------------------------------------------------- cascade


@dataclass(frozen=True)
class Styles:
    """The style sheets of a page; raises `TooMuch` where they would take too long to match.

    A selector with several blanks in it can be tried in as many ways as elements stand within each
    other, to the power of these blanks: what a browser cuts short, is refused here.
    """

    document: Document
    sheets: tuple[Sheet, ...]

    def values(self, selector: str, name: str, width: int) -> list[str]:
        """The values declared for a property of each element that fits; empty where none is."""
        elements = self.document.wrapped(selector)
        rules = [
            (order, rule)
            for order, rule in enumerate(rule for sheet in self.sheets for rule in sheet.rules)
            if any(found[0] == name for found in rule.declarations)
            and all(holds_at(query, width) for query in rule.media)
        ]
        reach, every = self._reach()
        steps = sum(reach ** max(0, rule.far - 1) * every**rule.within for _, rule in rules)
        if steps * len(elements) > MOST_STEPS:
            raise TooMuch("its style sheets have selectors too long to be matched with the page")
        return [_declared(rules, one, name) for one in elements]

    def _reach(self) -> tuple[int, int]:
        """How many elements a combinator may look at, and how many there are."""
        most, every, level = 1, 0, [self.document.root]
        depth = 0
        while level:
            depth += 1
            every += len(level)
            most = max(most, depth, *(len(one) for one in level))
            level = [child for one in level for child in one]
        return most, every


def _declared(rules: list[tuple[int, Rule]], element: Any, name: str) -> str:
    best: tuple[tuple[bool, bool, tuple[int, ...], int], str] | None = None
    for order, rule in rules:
        weight = _weight(rule, element)
        if weight is None:
            continue
        for found, value, important in rule.declarations:
            if found == name:
                best = _stronger(best, ((important, False, weight, order), value))
    for found, value, important in inline(element.etree_element.get("style") or ""):
        if found == name:
            best = _stronger(best, ((important, True, (), len(rules)), value))
    return "" if best is None else best[1]


def _weight(rule: Rule, element: Any) -> tuple[int, ...] | None:
    """The highest specificity of the rule's selectors that fit an element; None if none does."""
    fits = [
        tuple(one.specificity)
        for one in rule.selectors
        if not one.pseudo_element and not one.never_matches and one.test(element)
    ]
    return max(fits, default=None)


def _stronger(best: Any, other: Any) -> Any:
    return other if best is None or other[0] >= best[0] else best
