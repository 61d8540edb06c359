"""The check type `css`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from checkers.check import Asking, Check, failed
from checkers.findings import Findings
from checkers.matchers import Matcher, holds, spoken
from checkers.model import Subject, Verdict
from checkers.web._fetch import OverHttp, Site, fetch, fetch_all, port_of, usable_url
from checkers.web.html import Selector
from checkers.words import listed, plain, quoted

MOST_SHEETS = 20


class Declared(BaseModel):
    """What has to be declared for a property of the elements that fit a selector."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    select: Selector
    property: Annotated[str, StringConstraints(pattern=r"^-{0,2}[A-Za-z][A-Za-z0-9-]*$")]
    value: Matcher
    width: int = Field(default=1280, ge=200, le=10_000)


class Css(OverHttp):
    """The style sheets of a page are well formed, and come to what is expected.

        css: {url: "http://web.lab/", valid: true}
        css:
          url: "http://web.lab/"
          has:
            - {select: "nav ul", property: display, value: {one_of: [flex, grid]}}
            - {select: "nav ul", property: flex-direction, value: column, width: 360}
          media: [max-width]

    The page is fetched and read as `html` does, then its style sheets (linked, imported, and in
    `style` elements; up to 20, of the same host). At least one of these is expected:

    - `valid: true`: the page has style sheets, each is answered with 200 and as `text/css`, and
      none has an error of syntax: a missing brace, colon, or value, a selector that is none.
      Whether names of properties exist is not looked at.
    - `has`: for *every* element that fits `select` (there must be one), the value declared for
      `property` fits the matcher `value`, in a window of `width` pixels (default 1280). Which
      declaration counts is decided as browsers do: by `!important`, style attributes, specificity,
      order, and media queries as far as they name `screen`, `all` and widths in px or em. The value
      is as it is written, blank space counting once: `margin` is not taken apart into its sides,
      variables are not filled in, and nothing is inherited. What counts for a visitor in the end is
      for `page` to measure.
    - `media`: features of media queries, such as `max-width`, in at least one that has rules in it.

    Error: as in `http`.
    """

    kind: ClassVar[str] = "css"

    valid: Literal[True] | None = None
    has: tuple[Declared, ...] = ()
    media: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*$")], ...] = ()

    @model_validator(mode="after")
    def _expects_something(self) -> Css:
        if self.valid is None and not self.has and not self.media:
            raise ValueError("say what is expected: `valid`, `has` or `media`")
        return self

    def run(self, subject: Subject) -> Check:
        """Fetch the page and its style sheets, and see what they come to."""
        from checkers.web import _document, _sheets  # noqa: PLC0415  # loaded by those who use it

        site = yield from self.reach(subject)
        if isinstance(site, Verdict):
            return site
        page = yield from fetch(site, site.request(self.url))
        if isinstance(page, Verdict):
            return page
        expected = f"a page of HTML at {plain(self.url)}"
        if page.status != 200 or not _document.is_html(page):
            found = f"status {page.status}, or no HTML"
            return failed(expected=expected, found=found, flags=site.flags)
        try:
            document = _document.parsed(replace(page, url=self.url))
        except _document.TooMuch as problem:
            return failed(expected=expected, found=str(problem), flags=site.flags)
        collected = _Collected(site)
        yield from collected.of(document)
        findings = Findings(flags=list(site.flags))
        sheets = collected.sheets
        if self.valid:
            wrong = collected.wrong + [error for sheet in sheets for error in sheet.errors]
            if not sheets and not wrong:
                wrong.append("it has none")
            found = listed(wrong, none=f"{len(sheets)} without an error", most=6)
            expected = f"well-formed style sheets of {plain(self.url)}"
            findings.note(not wrong, expected=expected, found=found)
        styles = _sheets.Styles(document, tuple(sheets))
        for wanted in self.has:
            try:
                _compare(findings, styles, wanted)
            except _document.TooMuch as problem:
                findings.miss(expected="style sheets that can be read", found=str(problem))
        for feature in self.media:
            queries = {query for sheet in sheets for rule in sheet.rules for query in rule.media}
            ok = any(f"({feature}" in query.replace("( ", "(") for query in queries)
            found = listed(map(quoted, sorted(queries)), none="no media query", most=6)
            findings.note(ok, expected=f"a media query with {feature}", found=found)
        return findings.verdict()


@dataclass
class _Collected:
    """The style sheets of a page in the order of the cascade, and what is wrong with fetching."""

    site: Site
    sheets: list[Any] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    fetched: int = 0

    def of(self, document: Any) -> Asking[None]:
        """Read what a page has and links to; imported sheets come before those that import."""
        from checkers.web import _forms, _sheets  # noqa: PLC0415  # as above

        base = _forms.base_of(document)
        for element in document.elements("link", "style"):
            if element.tag.endswith("style"):
                sheet = _sheets.read_text("style", "".join(element.itertext()))
                yield from self._add(sheet, base)
            elif "stylesheet" in (element.get("rel") or "").lower().split():
                url = urljoin(base, (element.get("href") or "").strip())
                sheet = yield from self._fetch(url)
                if sheet is not None:
                    yield from self._add(sheet, url)

    def _add(self, sheet: Any, base: str) -> Asking[None]:
        """A sheet after those that it imports; what those import in their turn is left alone."""
        for link in sheet.imports[:MOST_SHEETS]:
            other = yield from self._fetch(urljoin(base, link))
            if other is not None:
                self.sheets.append(other)
        self.sheets.append(sheet)

    def _fetch(self, url: str) -> Asking[Any]:
        from checkers.web import _sheets  # noqa: PLC0415  # as above

        self.fetched += 1
        path = plain(urlsplit(url).path or url, 60)
        try:
            own = urlsplit(usable_url(url)).hostname == self.site.host
            own = own and port_of(url) == self.site.port
        except ValueError:
            own = False
        if not own or self.fetched > MOST_SHEETS:
            why = "one too many to be read" if own else "not on the page's own host"
            self.wrong.append(f"{path} is {why}")
            return None
        (answer,) = yield from fetch_all(self.site, self.site.request(url))
        kind = (answer.headers or {}).get("content-type", "").partition(";")[0].strip().lower()
        if answer.trouble or answer.status != 200 or kind != "text/css":
            why = answer.trouble or f"status {answer.status}, content-type {quoted(kind)}"
            self.wrong.append(f"{path}: {why}")
            return None
        if len(answer.body) > _sheets.LARGEST:
            self.wrong.append(f"{path} is longer than can be read")
            return None
        return _sheets.read(path, answer.body)


def _compare(findings: Findings, styles: Any, wanted: Declared) -> None:
    said = f"{plain(wanted.property)} of {quoted(wanted.select)} at {wanted.width} px"
    expected = f"{said} {spoken(wanted.value)}"
    name = wanted.property if wanted.property.startswith("--") else wanted.property.lower()
    values = styles.values(wanted.select, name, wanted.width)
    if not values:
        findings.miss(expected=expected, found=f"no {quoted(wanted.select)} in the page")
        return
    bad = [value for value in values if not holds(wanted.value, value or None)]
    shown = dict.fromkeys(quoted(value) if value else "not declared" for value in bad or values)
    findings.note(not bad, expected=expected, found=f"{said}: {listed(shown, most=4)}")
