"""The check type `html`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from checkers.check import Check, failed
from checkers.findings import Findings
from checkers.matchers import Between, Matcher, holds, shown, spoken
from checkers.model import Subject, Verdict
from checkers.web._fetch import OverHttp, fetch
from checkers.words import listed, plain, quoted


def _selector(text: str) -> str:
    from checkers.web import _document  # noqa: PLC0415  # a parser is loaded by those who use it

    return _document.selector(text)


Selector = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(_selector)
]
AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_:-]*$")]

_AT_LEAST_ONE = Between(min=1)


class Wanted(BaseModel):
    """Elements that a page has to have: how many fit the selector, the text and the attributes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    select: Selector
    count: Matcher = _AT_LEAST_ONE
    text: Matcher | None = None
    attributes: dict[AttributeName, Matcher] = Field(default_factory=dict)


class Html(OverHttp):
    """A page of HTML says what it should, and is written by the rules.

        html: {url: "http://web.lab/", valid: true, lang: en, title: {contains: Orders}}
        html:
          url: "http://web.lab/team.html"
          has:
            - {select: "main h1", text: Our team, count: 1}
            - {select: "nav a", attributes: {href: {matches: ".*team.*"}}}
            - {select: "ul.team > li", count: {min: 5}}
            - {select: "img:not([alt])", count: 0}

    The page is fetched as `http` does, with the same `url`, `address`, `verify` and `at`. It has to
    be answered with 200 and as `text/html`, and is read as browsers read it, without its scripts
    (`page` is the check type for what a browser makes of it). At least one of these is expected:

    - `valid: true`: no parse error by the HTML standard, a doctype and a title, no element that
      HTML does not have (any more), no id twice, an `alt` for every `img`. `valid: false` does not
      exist. This is not the whole of the standard: it does not judge, for instance, which element
      may stand in which.
    - `lang` and `title`: matchers for the language of `html` and for the text of the title.
    - `has`: for each, how many elements fit the CSS selector `select`, and have a `text` and
      `attributes` that fit their matchers. `count` is a matcher for that number, at least 1 unless
      said otherwise; 0 means that there must be none. Blank space in texts counts once.

    A page may have 128 KiB, 20000 elements, and 256 of them within each other; more is a fail.

    Error: as in `http`.
    """

    kind: ClassVar[str] = "html"

    valid: Literal[True] | None = None
    lang: Matcher | None = None
    title: Matcher | None = None
    has: tuple[Wanted, ...] = ()

    @model_validator(mode="after")
    def _expects_something(self) -> Html:
        if self.valid is None and self.lang is None and self.title is None and not self.has:
            raise ValueError("say what is expected: `valid`, `lang`, `title` or `has`")
        return self

    def run(self, subject: Subject) -> Check:
        """Fetch the page, read it, and compare what it has."""
        from checkers.web import _document  # noqa: PLC0415  # as above

        site = yield from self.reach(subject)
        if isinstance(site, Verdict):
            return site
        response = yield from fetch(site, site.request(self.url))
        if isinstance(response, Verdict):
            return response
        said = plain(self.url)
        if response.status != 200 or not _document.is_html(response):
            kind = (response.headers or {}).get("content-type")
            found = f"status {response.status}, content-type {shown(kind)}"
            expected = f"a page of HTML at {said}"
            return failed(expected=expected, found=found, flags=site.flags)
        try:
            document = _document.parsed(response)
        except _document.TooMuch as problem:
            expected = f"a page at {said} that can be read"
            return failed(expected=expected, found=str(problem), flags=site.flags)
        findings = Findings(flags=list(site.flags))
        self._compare(findings, document)
        return findings.verdict()

    def _compare(self, findings: Findings, document: Any) -> None:
        said = plain(self.url)
        if self.valid:
            from checkers.web import _conformance  # noqa: PLC0415  # as above

            wrong = list(dict.fromkeys(_conformance.problems(document)))
            found = listed(wrong, none="nothing wrong", most=6)
            findings.note(not wrong, expected=f"valid HTML at {said}", found=found)
        if self.lang is not None:
            findings.compare(f"{said} with the language", self.lang, document.root.get("lang"))
        if self.title is not None:
            findings.compare(f"{said} with the title", self.title, document.title)
        for wanted in self.has:
            compare_elements(findings, document, wanted)


def compare_elements(findings: Findings, document: Any, wanted: Wanted) -> None:
    """Add to `findings` how many elements of a document are as wanted."""
    from checkers.web._document import text_of  # noqa: PLC0415  # as above

    selected = document.select(wanted.select)
    fitting = [
        one
        for one in selected
        if (wanted.text is None or holds(wanted.text, text_of(one)))
        and all(holds(fits, one.get(name)) for name, fits in wanted.attributes.items())
    ]
    said = quoted(wanted.select)
    if wanted.text is not None:
        said += f" with the text {spoken(wanted.text)}"
    for name, fits in wanted.attributes.items():
        said += f" with {name} {spoken(fits)}"
    found = f"{len(fitting)}"
    if not fitting and selected:
        shows = [_shown(one, wanted, text_of(one)) for one in selected]
        found = f"none of the {len(selected)} there are fits: {listed(shows, most=3)}"
    findings.note(
        holds(wanted.count, len(fitting)),
        expected=f"{spoken(wanted.count)} of {said}",
        found=f"{found} of {quoted(wanted.select)}",
    )


def _shown(element: Any, wanted: Wanted, text: str) -> str:
    """What the elements that a selector found have in place of what is wanted."""
    parts = [f"{name} {shown(element.get(name))}" for name in wanted.attributes]
    return " and ".join([*([shown(text)] if wanted.text is not None else []), *parts])
