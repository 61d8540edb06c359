"""The check type `page`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from checkers.browsing import Browse, BrowseResult
from checkers.check import Check, ask, failed
from checkers.findings import Findings
from checkers.matchers import Matcher
from checkers.model import Blame, Subject, Verdict
from checkers.reading import unobserved
from checkers.web import _judging as judging
from checkers.web._fetch import OverHttp, fetch
from checkers.web._page import Act, Demands, Impact, Keyboard, Wanted, Width, Widths
from checkers.words import plain, quoted

LOAD_SECONDS = 15.0
OUTCOMES = {
    "unreachable": "the browser shows no page ({})",
    "slow": "the page is not complete after {wait:g} s ({})",
    "busy": "its scripts do not let anybody look at the page ({})",
}
EXPECTATIONS = {
    "title", "elements", "console", "keyboard", "accessibility", "fits", "requests", "bytes",
}  # fmt: skip


class Page(OverHttp):
    """A web page, in a real browser (Chromium), is what it should be for the people who use it.

        page: {url: "http://web.lab/", elements: [{selector: h1, text: {contains: Lakeside}}]}
        page: {url: "http://10.2.0.10/", fits: [360, 768, 1280], screenshot: [360, 1280]}
        page: {url: "http://web.lab/", accessibility: serious, console: clean, requests: own}
        page: {url: "http://web.lab/", keyboard: {reaches: [nav a, "#name"], focus_visible: true}}
        page: {url: "http://web.lab/", steps: [{click: "#menu"}], elements: [{selector: "#list"}]}

    `from:` is a host with `access: none` and the image `examiner-browser`. The name in `url` is
    looked up as that host would, or `address` is connected to; `at` and `verify` are as in `http`,
    and so is `status` (default 200). The page is opened in a new browser, in a window of `width`
    CSS pixels (default 1280; below 600 as on a telephone), is given 15 seconds to load, and is
    looked at when nothing is under way any more. It has to stay on its own server. What is in
    frames is not looked at.

    `steps` are done first, in order: `{click: SELECTOR}`, `{type: {into: SELECTOR, text: …}}`,
    `{press: KEY}` (Tab, Enter, Escape, Space, ArrowDown …), `{wait: SELECTOR}` (until it can be
    seen, at most 5 s).

    `title` is any matcher, and `elements` are CSS selectors with what has to hold for *every*
    element that they find (for at least one with `any: true`): `text` as it is rendered (of a
    field, what stands in it), the `role` and `name` that assistive technology is told, computed
    `styles` and `attributes` by name. `count` is how many there are (default: at least one). They
    must be seen by a person: displayed, not transparent, on the page, not covered; `visible: false`
    wants the opposite, `visible: either` does not care. Colours are computed as `rgb(0, 0, 0)`,
    lengths as `16px`; `{min: 16}` fits the latter. Defaults, fonts and rounding differ between
    browsers: allow ranges.

    - `console: clean`: no error in the console, no uncaught exception, no file that did not load.
    - `keyboard`: pressing Tab from the top of the page comes by `reaches` in this order, whatever
      else lies between; with `focus_visible: true` a change of the picture shows where the focus is
      at every stop (in a text field the caret is enough). A trap for the focus fails either.
    - `accessibility: serious` (minor, moderate, serious, critical): axe-core finds no violation of
      its rules that is as grave or graver. Landmarks and headings are `moderate`, contrast is
      `serious`, missing labels and alternative texts are `critical`. What it cannot decide is
      flagged.
    - `fits`: window widths in which nothing must be scrolled sideways and no text is cut off at the
      edge. Below 600 a page without a viewport setting is laid out 980 pixels wide, as telephones
      do.
    - `requests`: `own` (all go to the page's own scheme, host and port, those of workers and of
      windows that it opens included), `answered` (none fails or ends with 400 or above), or both in
      a list.
    - `bytes`: what goes over the network for the page and all that it loads; a matcher.
    - `screenshot`: window widths of which a picture is kept with the evidence; no expectation.

    Error: the host has no browser or can be entered by the candidate, the page ends the browser,
    looking takes more than a minute, more than 30 elements or 300 requests would have to be judged.
    """

    kind: ClassVar[str] = "page"

    status: Matcher = 200
    width: Width = 1280
    steps: Annotated[tuple[Act, ...], Field(max_length=20)] = ()
    title: Matcher | None = None
    elements: Annotated[tuple[Wanted, ...], Field(max_length=40)] = ()
    console: Literal["clean"] | None = None
    keyboard: Keyboard | None = None
    accessibility: Impact | None = None
    fits: Widths | None = None
    requests: Demands | None = None
    bytes: Matcher | None = None
    screenshot: Widths | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Page:
        asked = self.model_fields_set & EXPECTATIONS
        if not any(getattr(self, name) not in (None, ()) for name in asked):
            raise ValueError(f"say what is expected: one of {', '.join(sorted(EXPECTATIONS))}")
        return self

    def run(self, subject: Subject) -> Check:
        """See that its own server answers, open the page in a browser, and judge what it saw."""
        source = subject.named(subject.source)
        if source.access != "none":
            raise unobserved(f"a page cannot be looked at from {source.name}: give a `from:` host")
        site = yield from self.reach(subject)
        if isinstance(site, Verdict):
            return site
        answer = yield from fetch(site, site.request(self.url))
        if isinstance(answer, Verdict):
            return answer
        return self._judged((yield from ask(self._probe(subject.source, site.address))))

    def _probe(self, source: str, address: str) -> Browse:
        return Browse(
            source,
            self.url,
            address,
            self.verify,
            self.width,
            tuple(act.step for act in self.steps),
            tuple(dict.fromkeys(one.selector for one in self.elements)),
            tuple(sorted({name for one in self.elements for name in one.styles})),
            tuple(sorted({name for one in self.elements for name in one.attributes})),
            audit=self.accessibility is not None,
            walk=self.keyboard is not None,
            stops=(self.keyboard.reaches or ()) if self.keyboard else (),
            layouts=self.fits or (),
            pictures=self.screenshot or (),
            wait=LOAD_SECONDS,
        )

    def _judged(self, seen: BrowseResult) -> Verdict:
        expected = f"a page at {plain(self.url)}"
        if seen.outcome == "crashed":
            raise unobserved(f"the page ended the browser: {plain(seen.detail)}", Blame.HOST)
        if seen.outcome != "loaded":
            words = OUTCOMES[seen.outcome].format(plain(seen.detail), wait=LOAD_SECONDS)
            return failed(expected=expected, found=words)
        if not seen.url:
            raise unobserved("the browser does not say which page it shows")
        if judging.origin(seen.url) != judging.origin(self.url):
            # Where no page can be shown the browser shows one of its own; the request tells.
            asked = [one.url for one in seen.requests if one.kind == "Document"] or [seen.url]
            return failed(expected=expected, found=f"it leads to {plain(asked[-1])}")
        if seen.failed_step is not None:
            act = self.steps[seen.failed_step]
            found = f"that cannot be done: {plain(seen.detail)}"
            return failed(expected=f"to {plain(act.said)}", found=found)
        return self._compared(seen).verdict()

    def _compared(self, seen: BrowseResult) -> Findings:
        findings = Findings(flags=_flags(seen, self.screenshot or ()))
        findings.compare(f"{plain(self.url)} with status", self.status, seen.status)
        if self.title is not None:
            findings.compare("the title", self.title, seen.title)
        for wanted in self.elements:
            judging.judge_element(findings, wanted, seen)
        if self.console is not None:
            found = f"the console says {quoted(seen.errors[0])}" if seen.errors else "no error"
            findings.note(not seen.errors, expected="no error in the console", found=found)
        if self.keyboard is not None:
            judging.judge_keyboard(findings, self.keyboard, seen)
        if self.accessibility is not None:
            judging.judge_accessibility(findings, self.accessibility, seen)
        if self.fits is not None:
            judging.judge_layouts(findings, self.fits, seen)
        if self.requests is not None or self.bytes is not None:
            judging.judge_requests(findings, self.requests or (), self.bytes, seen)
        return findings


def _flags(seen: BrowseResult, pictures: tuple[int, ...]) -> list[str]:
    """Remarks for the assessor."""
    flags = []
    if seen.dialogs:
        flags.append(f"the page opened {seen.dialogs} dialogs, which were dismissed")
    if seen.popups:
        flags.append(f"the page opened {seen.popups} windows, which were closed")
    if {one.width for one in seen.pictures} != set(pictures):
        flags.append("a picture of the page was too large to be kept")
    return flags
