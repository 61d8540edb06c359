"""The check type `form`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from checkers.check import Asking, Check, failed
from checkers.findings import Findings
from checkers.matchers import Matcher, holds, shown, spoken
from checkers.model import Subject, Verdict
from checkers.web._curl import Response
from checkers.web._fetch import OverHttp, Site, Url, fetch, port_of, reach, usable_url
from checkers.web.html import Selector, Wanted, compare_elements
from checkers.words import listed, plain, quoted

FieldName = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,200}$")]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=20_000)]


def _texts(value: object) -> object:
    return (value,) if isinstance(value, str | int | float) else value


def _spelt(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Values = Annotated[tuple[Annotated[Text, BeforeValidator(_spelt)], ...], BeforeValidator(_texts)]


class Form(OverHttp):
    """A form of a page, filled in and sent, is answered as expected.

        form: {url: "http://web.lab/login", fill: {user: amy, password: wrong}, status: 403}
        form:
          url: "http://web.lab/order.php"
          fill: {name: Amy, email: amy@mail.lab, quantity: 3}
          text: {contains: Thank you}
        form:
          url: "http://web.lab/order.php"
          fill: {name: Amy, email: amy, quantity: "-1"}
          status: {one_of: [200, 400, 422]}
          has: [{select: ".error", count: {min: 2}}]
        form:
          url: "http://web.lab/guestbook"
          form: "form#entry"
          fill: {name: '<b>{{ token }}</b>" onclick="{{ token }}()'}
          then: "http://web.lab/guestbook/all"
          escaped: [name]

    The page is fetched as `html` does, with the same `url`, `address`, `verify` and `at`, and the
    form that is the only one, or fits the selector `form`, is sent as a browser sends it when its
    first button (or the one called `button`) is pressed: to its action, by its method, with hidden
    fields, with the cookies that came with the page, and with redirects followed. The page's own
    rules for input (`required`, `maxlength`, lists of options) hold nobody back here. `fill` gives
    values by the names of fields: one, or a list for those that take several; fields that are not
    named keep what they have, those in `leave_out` are not sent. A name that the form does not have
    is a fail.

    Expected of the answer (200 unless `status`, a matcher, says otherwise), or of the page `then`
    which is fetched after it with the same cookies:

    - `text`: matcher for the text of the page, blank space counting once. `lands`: matcher for the
      address at which the answer came, after redirects.
    - `has`: as in `html`.
    - `escaped`: names of filled fields whose values come back in the page as text, or in a field,
      and nowhere as elements or attributes of the page. Such a value should hold marks that matter
      to HTML, and something of its own, such as a token.

    What was stored is for `sql` to see, in a check that `needs` this one. A form that stores
    something changes the host: say so with `changes: true`.

    Error: as in `http`.
    """

    kind: ClassVar[str] = "form"
    harmless: ClassVar[bool] = False

    form: Selector | None = None
    fill: dict[FieldName, Values] = Field(default_factory=dict)
    leave_out: tuple[FieldName, ...] = ()
    button: FieldName | None = None
    status: Matcher = 200
    lands: Matcher | None = None
    then: Url | None = None
    text: Matcher | None = None
    has: tuple[Wanted, ...] = ()
    escaped: tuple[FieldName, ...] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> Form:
        stated = "status" in self.model_fields_set or self.lands is not None
        if not (stated or self.text is not None or self.has or self.escaped):
            raise ValueError("say what is expected: `status`, `lands`, `text`, `has` or `escaped`")
        if unfilled := [name for name in self.escaped if not any(self.fill.get(name, ()))]:
            raise ValueError(f"`escaped` names what `fill` does not fill: {listed(unfilled)}")
        if both := set(self.fill) & set(self.leave_out):
            raise ValueError(f"{listed(sorted(both))} cannot be filled and left out")
        for name in self.escaped:
            if not any(mark in value for value in self.fill[name] for mark in "<\"'&"):
                raise ValueError(f"the value of `{name}` needs no escaping: it proves nothing")
        if self.then and urlsplit(self.then).hostname != urlsplit(self.url).hostname:
            raise ValueError("`then` has to be on the same host as `url`")
        return self

    def run(self, subject: Subject) -> Check:
        """Fetch the page, send its form, and judge what comes of it."""
        from checkers.web._document import TooMuch  # noqa: PLC0415  # loaded by those who use it
        from checkers.web._forms import NoForm  # noqa: PLC0415  # as above

        try:
            return (yield from self._tried(subject))
        except (NoForm, TooMuch) as problem:
            expected = f"a form at {plain(self.url)} that can be filled in"
            return failed(expected=expected, found=str(problem))

    def _tried(self, subject: Subject) -> Check:
        from checkers.web import _document, _forms  # noqa: PLC0415  # as above

        site = yield from self.reach(subject)
        if isinstance(site, Verdict):
            return site
        page = yield from fetch(site, site.request(self.url))
        if isinstance(page, Verdict):
            return page
        if page.status != 200 or not _document.is_html(page):
            found = f"{plain(self.url)} answers with status {page.status}, as no page with a form"
            raise _forms.NoForm(found)
        before = _document.parsed(page)
        form = _forms.form_of(before, self.form)
        submission = form.submission(self.fill, self.leave_out, self.button)
        cookies = _jar({}, page)
        answer = yield from self._sent(subject, site, submission, cookies)
        if isinstance(answer, Verdict):
            return answer
        findings = Findings(flags=list(site.flags))
        findings.compare("the form answered with status", self.status, answer.status)
        if self.lands is not None:
            findings.compare("the answer at", self.lands, answer.url)
        if self.then is not None:
            there = yield from self._elsewhere(subject, site, self.then)
            if isinstance(there, Verdict):
                return there
            request = replace(there.request(self.then), cookies=_header(_jar(cookies, answer)))
            answer = yield from fetch(there, request)
            if isinstance(answer, Verdict):
                return answer
        self._compare(findings, before, answer)
        return findings.verdict()

    def _sent(
        self, subject: Subject, site: Site, submission: Any, cookies: dict[str, str]
    ) -> Asking[Response | Verdict]:
        from checkers.web._forms import NoForm  # noqa: PLC0415  # as above

        try:
            url = usable_url(submission.url)
        except ValueError as problem:
            raise NoForm(f"its action {quoted(submission.url)} leads nowhere") from problem
        there = yield from self._elsewhere(subject, site, url)
        if isinstance(there, Verdict):
            return there
        request = replace(there.request(url), follow=True, cookies=_header(cookies))
        if submission.content_type:
            line = f"content-type: {submission.content_type}"
            request = replace(request, method="POST", body=submission.body, headers=(line,))
        return (yield from fetch(there, request))

    def _elsewhere(self, subject: Subject, site: Site, url: str) -> Asking[Site | Verdict]:
        """The site of another URL of the same host, which may be at another port."""
        from checkers.web._forms import NoForm  # noqa: PLC0415  # as above

        if urlsplit(url).hostname != site.host:
            raise NoForm(f"it is sent to {quoted(url)}, which is on another host")
        if port_of(url) == site.port:
            return site
        return (yield from reach(subject, url, site.address, self.at, verify=self.verify))

    def _compare(self, findings: Findings, before: Any, answer: Response) -> None:
        from checkers.web import _document, _escaping  # noqa: PLC0415  # as above

        if self.text is None and not self.has and not self.escaped:
            return
        if not _document.is_html(answer):
            kind = (answer.headers or {}).get("content-type")
            findings.miss(expected="a page of HTML", found=f"content-type {shown(kind)}")
            return
        after = _document.parsed(answer)
        if self.text is not None:
            text = _document.text_of(after.root)
            ok = holds(self.text, text)
            findings.note(ok, expected=f"a page with {spoken(self.text)}", found=shown(text))
        for wanted in self.has:
            compare_elements(findings, after, wanted)
        for name in self.escaped:
            for value in self.fill[name]:
                alive = _escaping.came_alive(value, before, after)
                there = _escaping.shown(value, after)
                found = "it came back as text" if there else "it does not come back"
                findings.note(
                    there and not alive,
                    expected=f"{quoted(value)} ({plain(name)}) back as text",
                    found="it came back as a part of the page itself" if alive else found,
                )


def _jar(cookies: dict[str, str], response: Response) -> dict[str, str]:
    """Cookies by name, with those that an answer has set."""
    jar = dict(cookies)
    for line in response.set_cookies:
        name, equals, value = line.partition(";")[0].partition("=")
        if equals and name.strip() and f"{name}{value}".isprintable():
            jar[name.strip()] = value.strip()
    return jar


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
