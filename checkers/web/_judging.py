"""Comparing what a browser saw with what a `page` check expects, in a candidate's words."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from checkers.browsing import BrowseResult, Element, Found, Stop
from checkers.findings import Findings
from checkers.matchers import Between, Matcher, holds, shown, spoken
from checkers.model import Blame
from checkers.reading import unobserved
from checkers.web._page import IMPACTS, Impact, Keyboard, Wanted
from checkers.words import listed, plain, quoted

Origin = tuple[str, str, int]


def origin(url: str) -> Origin:
    """Scheme, host and port of an URL; empty where it has none."""
    try:
        parts = urlsplit(url)
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        usual = {"http": 80, "https": 443}.get(scheme, 0)
        return scheme, (parts.hostname or "").lower(), parts.port or usual
    except ValueError:
        return "", "", 0


def called(selector: str) -> str:
    """A selector for a message."""
    return f"`{plain(selector, 60)}`"


# --------------------------------------------------------------------------- elements


def judge_element(findings: Findings, wanted: Wanted, seen: BrowseResult) -> None:
    """Compare what a selector finds with what it has to find."""
    found = next((one for one in seen.found if one.selector == wanted.selector), None)
    if found is None:
        raise unobserved(f"the browser did not look for {called(wanted.selector)}")
    name = called(wanted.selector)
    if wanted.count is not None:
        fits = findings.compare(f"the number of {name}", wanted.count, found.count)
        if not fits or not found.count:
            return
    elif not found.count:
        findings.miss(expected=_expected(wanted), found=f"there is no {name}")
        return
    if found.count > len(found.elements) and not wanted.any:
        raise unobserved(f"there are too many {name} to look at ({found.count})", Blame.HOST)
    _judge_each(findings, wanted, found)


def _judge_each(findings: Findings, wanted: Wanted, found: Found) -> None:
    troubles = [_trouble(wanted, element) for element in found.elements]
    good = [element for element, why in zip(found.elements, troubles, strict=True) if not why]
    if good and (wanted.any or len(good) == len(troubles)):
        findings.hold(expected=_expected(wanted), found=_found(wanted, good[0]))
        return
    bad = list(dict.fromkeys(why for why in troubles if why))
    findings.miss(expected=_expected(wanted), found=listed(bad, most=3))


def _properties(wanted: Wanted, element: Element) -> list[tuple[str, Matcher, str | None]]:
    styles, attributes = dict(element.styles), dict(element.attributes)
    every: list[tuple[str, Matcher | None, str | None]] = [
        ("the text", wanted.text, element.text),
        ("the name", wanted.name, element.name),
        ("the role", wanted.role, element.role),
        *((f"the style {key}", one, styles.get(key)) for key, one in wanted.styles.items()),
        *(
            (f"the attribute {key}", one, attributes.get(key))
            for key, one in wanted.attributes.items()
        ),
    ]
    return [(name, matcher, value) for name, matcher, value in every if matcher is not None]


def _number(matcher: Matcher, value: str | None) -> str | None:
    """A length in pixels as a number, where a number is expected."""
    numeric = isinstance(matcher, Between | int | float) and not isinstance(matcher, bool)
    return value.removesuffix("px") if value is not None and numeric else value


def _trouble(wanted: Wanted, element: Element) -> str:
    """What does not hold for one element; empty if all does."""
    whose = f"the {plain(element.tag)}"
    if element.text.strip():
        whose += f" {quoted(element.text.strip(), 40)}"
    if wanted.visible is True and element.hidden:
        return f"{whose} cannot be seen: {plain(element.hidden)}"
    if wanted.visible is False and not element.hidden:
        return f"{whose} can be seen"
    wrong = [
        f"{name} {shown(value)}"
        for name, matcher, value in _properties(wanted, element)
        if not holds(matcher, _number(matcher, value))
    ]
    return f"{whose} has {listed(wrong)}" if wrong else ""


def _expected(wanted: Wanted) -> str:
    blank = Element("", "")
    seen = {True: " that can be seen", False: " that cannot be seen"}.get(
        wanted.visible is True, ""
    )
    if wanted.visible == "either":
        seen = ""
    which = "an element" if wanted.any or wanted.count is None else "elements"
    parts = [f"{name} {spoken(matcher)}" for name, matcher, _ in _properties(wanted, blank)]
    return f"{which} {called(wanted.selector)}{seen}{f' with {listed(parts)}' if parts else ''}"


def _found(wanted: Wanted, element: Element) -> str:
    parts = [f"{name} {shown(value)}" for name, _, value in _properties(wanted, element)]
    what = quoted(element.text.strip(), 40) if element.text.strip() else f"a {plain(element.tag)}"
    return f"{called(wanted.selector)}: {listed(parts) if parts else what}"


# --------------------------------------------------------------------------- the keyboard


def judge_keyboard(findings: Findings, wanted: Keyboard, seen: BrowseResult) -> None:
    """Compare where the Tab key came by with where it has to."""
    if seen.stops_cut:
        findings.flags.append("only the first stops of the Tab key were tried")
    if seen.trapped:
        last = plain(seen.stops[-1].element) if seen.stops else "the page"
        expected = "the Tab key to go through the whole page"
        findings.miss(expected=expected, found=f"the focus never leaves {last}")
    if wanted.reaches is not None:
        _judge_order(findings, wanted.reaches, seen.stops)
    if wanted.focus_visible:
        _judge_marks(findings, seen.stops)


def _judge_order(findings: Findings, reaches: tuple[str, ...], stops: Sequence[Stop]) -> None:
    expected = f"the Tab key to reach {listed(map(called, reaches))}, in this order"
    way = listed((plain(stop.element) for stop in stops), none="nothing", most=15)
    at = 0
    for number, selector in enumerate(reaches):
        places = [place for place, stop in enumerate(stops) if number in stop.fits]
        later = [place for place in places if place >= at]
        if not later:
            why = "is reached earlier" if places else "is not reached"
            found = f"{called(selector)} {why}; Tab comes by {way}"
            findings.miss(expected=expected, found=found)
            return
        at = later[0] + 1
    findings.hold(expected=expected, found=f"Tab comes by {way}")


def _judge_marks(findings: Findings, stops: Sequence[Stop]) -> None:
    expected = "to be seen where the focus is"
    if not stops:
        findings.miss(expected=expected, found="the Tab key reaches nothing")
        return
    unseen = [plain(stop.element) for stop in stops if stop.mark == "none"]
    moving = [plain(stop.element) for stop in stops if stop.mark == "unsteady"]
    if unseen:
        findings.miss(expected=expected, found=f"nothing shows it at {listed(unseen, most=5)}")
    if moving:
        found = f"the page does not stand still round {listed(moving, most=5)}"
        findings.miss(expected=expected, found=found)
    if not unseen and not moving:
        findings.hold(expected=expected, found=f"it shows at all {len(stops)} stops of Tab")


# --------------------------------------------------------------------------- the rest


def judge_accessibility(findings: Findings, least: Impact, seen: BrowseResult) -> None:
    """No problem that axe-core holds to be as grave as `least` or graver."""
    if not seen.audited:
        raise unobserved("axe-core did not look at the page")
    grave = IMPACTS[IMPACTS.index(least) :]
    bad = [one for one in seen.violations if one.impact in grave]
    worse = "" if least == "critical" else " or worse"
    expected = f"no {least}{worse} problem of accessibility"
    if bad:
        words = [
            f"{plain(one.help)} ({one.impact}, {one.count} times, such as {plain(one.where, 60)})"
            for one in bad
        ]
        findings.miss(expected=expected, found=listed(words, most=5))
    else:
        findings.hold(expected=expected, found="axe-core finds none")
    open_ = [f"{plain(one.rule)} ({one.count})" for one in seen.undecided if one.impact in grave]
    if open_:
        findings.flags.append(f"axe-core could not decide {listed(open_)}")
    if seen.frames:
        findings.flags.append("the page has frames, which are not looked at")


def judge_layouts(findings: Findings, widths: tuple[int, ...], seen: BrowseResult) -> None:
    """Nothing has to be scrolled sideways, and no text is cut off at the edge."""
    layouts = {one.width: one for one in seen.layouts}
    for width in widths:
        layout = layouts.get(width)
        if layout is None or layout.content <= 0:
            raise unobserved(f"the page was not measured in a window of {width} pixels")
        expected = f"the page to fit a window of {width} pixels"
        if layout.content > width:
            found = f"it is {layout.content} pixels wide in a window of {width}"
            findings.miss(expected=expected, found=found)
        elif layout.cut:
            found = f"in a window of {width} pixels the text {quoted(layout.cut[0], 60)} is cut off"
            findings.miss(expected=expected, found=found)
        else:
            findings.hold(expected=expected, found=f"it fits {width}")


def judge_requests(
    findings: Findings, demands: tuple[str, ...], size: Matcher | None, seen: BrowseResult
) -> None:
    """What the page asks for: from where, whether it comes, and how much it is."""
    if seen.requests_cut:
        raise unobserved("the page asks for more than can be noted", Blame.HOST)
    if not seen.requests:
        raise unobserved("the browser noted no request, not even the page's own")
    if "own" in demands:
        home = origin(seen.url)
        others = [plain(one.url, 80) for one in seen.requests if origin(one.url) != home]
        found = f"it asks for {listed(dict.fromkeys(others), none='nothing elsewhere', most=4)}"
        findings.note(not others, expected="the page to use its own server alone", found=found)
    if "answered" in demands:
        lost = [
            f"{plain(one.url, 80)} ({one.status or plain(one.trouble)})"
            for one in seen.requests
            if one.status >= 400 or one.trouble
        ]
        found = f"{listed(lost, most=4)} could not be had" if lost else "all of it came"
        findings.note(not lost, expected="everything that the page uses to load", found=found)
    if size is not None:
        total = sum(one.bytes for one in seen.requests)
        findings.compare("the page with all that it loads, in bytes,", size, total)
