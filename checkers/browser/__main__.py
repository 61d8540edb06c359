"""Reads one probe, looks at its page, prints the result. Whatever happens, it ends in time."""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import Any

from . import acting, looking
from .chromium import Chromium, Gone, Late, Refused
from .tab import Busy, Crashed, ScriptFailed, Slow, Tab, Unreachable, resolver_rule

MARGIN = 5.0
"""Seconds before the asker's own limit at which we give up, so that it gets a reason."""

MOST_MOVES = 3
"""How often a page may lead on by itself before it counts as one that never comes to rest."""

OUTCOMES: dict[type[Exception], str] = {
    Unreachable: "unreachable",
    Slow: "slow",
    Busy: "busy",
    Crashed: "crashed",
    Gone: "crashed",
}


def look(probe: dict[str, Any]) -> dict[str, Any]:
    """The result of a probe; raises `NotLooked` where the reason lies with us."""
    until = time.monotonic() + float(probe["timeout"]) - MARGIN
    flags = resolver_rule(probe["url"], probe["address"])
    if not probe["verify"]:
        flags.append("--ignore-certificate-errors")
    with Chromium(*flags) as browser:
        try:
            tab = Tab(browser, until)
        except (Gone, Late, Refused) as problem:
            raise looking.NotLooked(f"the browser did not start: {problem}") from problem
        try:
            return _seen(tab, probe)
        except tuple(OUTCOMES) as problem:
            outcome = OUTCOMES[type(problem)]
            if time.monotonic() >= until and outcome == "busy":
                raise looking.NotLooked("it took too long to look at everything") from problem
            return {"outcome": outcome, "detail": str(problem), "browser": tab.version}
        except (Late, Refused, ScriptFailed) as problem:
            if tab.moves > MOST_MOVES:
                moving = {"outcome": "busy", "detail": "it does not come to rest"}
                return moving | {"browser": tab.version}
            raise looking.NotLooked(str(problem)) from problem


def _seen(tab: Tab, probe: dict[str, Any]) -> dict[str, Any]:
    """Everything that is wanted of a page, in an order in which nothing spoils what follows."""
    url, wait = probe["url"], float(probe["wait"])
    tab.window(probe["width"])
    tab.open(url, wait)
    result: dict[str, Any] = {"outcome": "loaded", "browser": tab.version}
    for number, step in enumerate(probe["steps"]):
        try:
            acting.do(tab, step)
        except acting.NotDone as problem:
            return result | _about(tab) | {"failed_step": number, "detail": str(problem)}
    looking.unroll(tab)
    result |= _about(tab)
    result |= {"found": looking.elements(tab, probe)}
    layouts, pictures = _measured(tab, probe, probe["width"])
    result |= looking.audit(tab) if probe["audit"] else {}
    result |= acting.walk(tab, probe["stops"]) if probe["walk"] else {}
    for width in sorted({*probe["layouts"], *probe["pictures"]} - {probe["width"]}):
        tab.window(width)
        tab.open(url, wait)
        looking.unroll(tab)
        more = _measured(tab, probe, width)
        layouts += more[0]
        pictures += more[1]
    return result | {"layouts": layouts, "pictures": pictures}


def _measured(tab: Tab, probe: dict[str, Any], width: int) -> tuple[list[Any], list[Any]]:
    """The layout and the picture of the page as it is now, of what is wanted at this width."""
    layouts = [looking.layout(tab, width)] if width in probe["layouts"] else []
    return layouts, looking.picture(tab, width) if width in probe["pictures"] else []


def _about(tab: Tab) -> dict[str, Any]:
    """What came of the load itself, and of all that was done since."""
    record = tab.record
    return {
        "url": tab.address(),
        "status": record.status_of(tab.loader),
        "title": str(tab.ask("document.title"))[:300],
        "requests": record.as_json(),
        "requests_cut": record.cut,
        "errors": record.errors,
        "dialogs": record.dialogs,
        "popups": record.popups,
        "frames": int(tab.ask("window.length")),
    }


def _too_late(*_: object) -> None:
    raise looking.NotLooked("it took too long to look at everything")


def main() -> int:
    """Answer the probe on standard input; 0 if there is a result, 1 with the reason if not."""
    probe = json.loads(sys.stdin.buffer.read())
    # Raised wherever we are; the browser is ended on the way out.
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(int(float(probe["timeout"]) - MARGIN / 2))
    try:
        answer = look(probe)
    except looking.NotLooked as problem:
        sys.stderr.buffer.write(f"{problem}\n".encode("utf-8", "replace"))
        return 1
    # A page may hold halves of characters, which are no UTF-8.
    text = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    sys.stdout.buffer.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
