"""The check type `links`."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

from pydantic import Field

from checkers.check import Asking, Check, failed
from checkers.findings import Findings
from checkers.matchers import Between, Matcher
from checkers.model import Subject, Verdict
from checkers.web._curl import TROUBLES, Response
from checkers.web._fetch import OverHttp, Site, Url, fetch_all, port_of, usable_url
from checkers.words import listed, plain, quoted

AT_ONCE = 8

_LINKS = {
    "a": "href",
    "area": "href",
    "link": "href",
    "img": "src",
    "script": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
}
"""The attributes that lead to something else (HTML Standard, index of attributes)."""

_TOO_LARGE = TROUBLES[63]


class Links(OverHttp):
    """Every link within a web site leads somewhere.

        links: {url: "http://web.lab/"}
        links:
          url: "http://web.lab/index.html"
          pages: 4
          reaches: ["http://web.lab/team.html"]
          external: {max: 3}

    The site is crawled from `url`, as `http` fetches it, with the same `address`, `verify` and
    `at`: pages of HTML are read for links, pictures, style sheets, scripts and frames, and whatever
    of that is on the same host, port and protocol is fetched once, redirects included. No link may
    lead to anything that is not answered with 200, nor to a place in a page (`#name`) that the page
    does not have; a name in the wrong case is said to be so. Links of other kinds (`mailto:`,
    `tel:`, `data:`, `javascript:`) are left alone, and what leads to other sites is only counted.
    Links that scripts make, and those in style sheets, are not seen.

    - `pages`: matcher for the number of pages of HTML found, at least 1 unless said otherwise.
    - `external`: matcher for the number of addresses on other sites.
    - `reaches`: addresses that have to be among those found.
    - `limit`: addresses that are fetched at most (default 60, up to 200); a site with more fails.

    Error: as in `http`.
    """

    kind: ClassVar[str] = "links"

    pages: Matcher = Between(min=1)
    external: Matcher | None = None
    reaches: tuple[Url, ...] = ()
    limit: int = Field(default=60, ge=2, le=200)

    def run(self, subject: Subject) -> Check:
        """Crawl the site, and say what does not lead anywhere."""
        site = yield from self.reach(subject)
        if isinstance(site, Verdict):
            return site
        crawl = _Crawl(site, self.url, self.limit)
        yield from crawl.run()
        start = crawl.found[crawl.start]
        if not start.page:
            expected, found = (
                f"a page of HTML at {plain(self.url)}",
                start.trouble or "something else",
            )
            return failed(expected=expected, found=found, flags=site.flags)
        findings = Findings(flags=list(site.flags))
        broken = list(crawl.broken())
        good = f"{len(crawl.found)} addresses, each leads somewhere"
        findings.note(
            not broken,
            expected=f"no link within {plain(self.url)} that leads nowhere",
            found=listed(broken, none=good, most=8),
        )
        if crawl.waiting:
            expected = f"at most {self.limit} addresses in the site"
            findings.miss(expected=expected, found=f"more than {self.limit}")
        pages = sum(1 for one in crawl.found.values() if one.page)
        findings.compare("pages of HTML:", self.pages, pages)
        if self.external is not None:
            findings.compare("addresses on other sites:", self.external, len(crawl.outside))
        for wanted in self.reaches:
            target = crawl.found.get(normal(wanted))
            ok = target is not None and not target.trouble
            found = f"{plain(wanted)} is {'linked' if ok else 'not linked'}"
            findings.note(ok, expected=f"a way by links to {plain(wanted)}", found=found)
        return findings.verdict()


@dataclass
class _Target:
    """An address of the site: what is wrong with it, whether it is a page, and what it leads to."""

    trouble: str = ""
    page: bool = False
    names: frozenset[str] = frozenset()
    onward: str = ""


@dataclass
class _Crawl:
    """The site as far as it is known. `uses` are links as they stand: from, to, and the place."""

    site: Site
    start: str
    limit: int
    found: dict[str, _Target] = field(default_factory=dict)
    waiting: deque[str] = field(default_factory=deque)
    outside: set[str] = field(default_factory=set)
    uses: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = normal(self.start)
        self.waiting.append(self.start)

    def run(self) -> Asking[None]:
        """Fetch what is not known yet, several at a time, until nothing is left or it is enough."""
        while self.waiting and len(self.found) < self.limit:
            room = min(AT_ONCE, self.limit - len(self.found))
            batch = [self.waiting.popleft() for _ in range(min(room, len(self.waiting)))]
            for url in batch:
                self.found[url] = _Target()
            answers = yield from fetch_all(self.site, *(self.site.request(url) for url in batch))
            for url, answer in zip(batch, answers, strict=True):
                self._take(url, replace(answer, url=url))

    def _take(self, url: str, answer: Response) -> None:
        from checkers.web import _document  # noqa: PLC0415  # loaded by those who use it

        target = self.found[url]
        if answer.trouble:
            target.trouble = "" if answer.trouble == _TOO_LARGE else answer.trouble
            return
        if 300 <= answer.status < 400 and (answer.headers or {}).get("location"):
            onward = urljoin(url, (answer.headers or {})["location"])
            target.onward = normal(onward)
            self._use(url, onward)
            return
        if answer.status != 200:
            target.trouble = f"status {answer.status}"
            return
        if _document.is_html(answer):
            try:
                self._read(target, url, _document.parsed(answer))
            except _document.TooMuch as problem:
                target.trouble = str(problem)

    def _read(self, target: _Target, url: str, document: Any) -> None:
        from checkers.web import _document, _forms  # noqa: PLC0415  # as above

        target.page = True
        base = _forms.base_of(document)
        names = {one.get("id") for one in document.elements()}
        names |= {one.get("name") for one in document.elements("a")}
        target.names = frozenset(name for name in names if name)
        for one in document.elements(*_LINKS):
            link = one.get(_LINKS[_document.name_of(one)])
            if link is not None and (link.strip() or _document.name_of(one) != "a"):
                self._use(url, base, link.strip())

    def _use(self, source: str, base: str, link: str = "") -> None:
        """Note a link, and what is to be fetched for it."""
        try:
            whole = urljoin(base, link)
            scheme = urlsplit(whole).scheme
            if scheme not in {"http", "https"}:
                return
            url, place = urldefrag(whole)
            url = normal(usable_url(url))
        except ValueError:
            self.uses.append((source, link or base, "\0"))
            return
        if not self._within(url):
            self.outside.add(url)
            return
        self.uses.append((source, url, unquote(place)))
        if url not in self.found and url not in self.waiting:
            self.waiting.append(url)

    def _within(self, url: str) -> bool:
        parts, own = urlsplit(url), urlsplit(self.start)
        same = (parts.scheme, parts.hostname) == (own.scheme, own.hostname)
        return same and port_of(url) == self.site.port

    def _end_of(self, url: str) -> _Target | None:
        """Where redirects within the site end; None for one that leads out or was not fetched."""
        for _ in range(6):
            target = self.found.get(url)
            if target is None or not target.onward:
                return target
            url = target.onward
        return _Target("it leads on and on")

    def broken(self) -> list[str]:
        """The links that lead nowhere, in words, in the order of finding."""
        said = []
        for source, url, place in self.uses:
            if place == "\0":
                said.append(f"{_path(source)} has {quoted(url)}, which is no address")
                continue
            end = self._end_of(url)
            if end is None:
                continue
            if end.trouble:
                said.append(f"{_path(source)} to {_path(url)} ({end.trouble}{self._case(url)})")
            elif place and place.lower() != "top" and end.page and place not in end.names:
                said.append(f"{_path(source)} to {_path(url)}#{plain(place, 40)} (no such place)")
        return list(dict.fromkeys(said))

    def _case(self, url: str) -> str:
        """A hint where the same name in another case is there."""
        path = urlsplit(url).path
        for other, target in self.found.items():
            there = urlsplit(other).path
            if not target.trouble and there != path and there.lower() == path.lower():
                return f"; {plain(there, 60)} is there"
        return ""


def normal(url: str) -> str:
    """An address without its place in the page, and with the slash of an empty path."""
    parts = urlsplit(urldefrag(url)[0])
    netloc = parts.netloc.lower()
    return urlunsplit(parts._replace(netloc=netloc, path=parts.path or "/"))


def _path(url: str) -> str:
    parts = urlsplit(url)
    return plain(urlunsplit(("", "", parts.path or "/", parts.query, "")), 80)
