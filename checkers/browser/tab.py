"""One tab: opening a page, waiting until it has come to rest, and asking things of it."""

from __future__ import annotations

import contextlib
import time
from typing import Any
from urllib.parse import urlsplit

from .chromium import Chromium, Gone, Late, Refused
from .record import Record

WORLD = "examiner"
QUIET = 0.4
"""Seconds without a request under way after which a page has come to rest."""
SETTLE = 4.0
"""Seconds after its load that a page may take to come to rest; some never do."""
ANSWER = 10.0
"""Seconds that a page may keep us waiting for an answer about it."""
NARROW = 600
"""Windows below this width are a telephone's: the page's own viewport settings hold there."""
POPUP_SECONDS = 0.5
TRIES = 3
KINDS = ("iframe", "page", "service_worker", "shared_worker", "worker")
CHILDREN = [{"type": name} for name in KINDS]


class Unreachable(Exception):
    """There is no page; the browser's own name for why."""


class Slow(Exception):
    """The page was not complete in time."""


class Busy(Exception):
    """The page does not let anybody look at it."""


class Crashed(Exception):
    """The page ended the process that shows it."""


class Tab:
    """The one page that is looked at; everything else that it opens is closed."""

    def __init__(self, browser: Chromium, until: float) -> None:
        self._browser = browser
        self._until = until
        self._main = ""
        self._loaded: set[str] = set()
        self._world: int | None = None
        self._frame = ""
        self._children: dict[str, str] = {}
        self._popups: list[tuple[float, str]] = []
        self.record = Record()
        self.loader = ""
        self.moves = 0
        browser.handler = self._heard
        version = self._call("Browser.getVersion")
        self.version = str(version["product"]).replace("HeadlessChrome", "Chromium")
        self._agent = str(version["userAgent"]).replace("HeadlessChrome", "Chrome")
        self._open()

    def _open(self) -> None:
        self._call("Browser.setDownloadBehavior", behavior="deny")
        self._target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._main = attached["sessionId"]
        self._call("Target.setDiscoverTargets", discover=True)
        watch: dict[str, Any] = {"autoAttach": True, "waitForDebuggerOnStart": True}
        watch |= {"flatten": True, "filter": CHILDREN}
        self._call("Target.setAutoAttach", **watch)
        self.call("Target.setAutoAttach", **watch)
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Network.setCacheDisabled", cacheDisabled=True)
        self.call("Network.setBypassServiceWorker", bypass=True)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call(
            "Emulation.setUserAgentOverride",
            userAgent=self._agent,
            acceptLanguage="en-GB,en",
            platform="Linux x86_64",
        )
        self._frame = self.call("Page.getFrameTree")["frameTree"]["frame"]["id"]

    # ------------------------------------------------------------------ talking

    def left(self, seconds: float) -> float:
        """The time `seconds` from now, or the end of all, whichever comes first."""
        return min(time.monotonic() + seconds, self._until)

    def _call(self, method: str, **parameters: Any) -> Any:
        return self._browser.call(self.left(ANSWER), method, **parameters)

    def call(self, method: str, seconds: float = ANSWER, **parameters: Any) -> Any:
        """A command about the page; raises `Busy` where it keeps us waiting."""
        try:
            return self._browser.call(self.left(seconds), method, self._main, **parameters)
        except Late as late:
            raise Busy(f"it gave no answer within {seconds:g} s") from late

    def pause(self, seconds: float) -> None:
        """Let the page go on for a while, noting what it does."""
        end = self.left(seconds)
        while time.monotonic() < end:
            self._hear(end)

    def _hear(self, until: float) -> None:
        self._browser.hear(until)
        self._sweep()

    def _heard(self, method: str, event: dict[str, Any], session: str) -> None:
        if method in ("Inspector.targetCrashed", "Target.targetCrashed"):
            raise Crashed("the process that shows the page has ended")
        if method == "Target.targetCreated":
            self._created(event["targetInfo"])
        elif method == "Target.attachedToTarget":
            self._attached(event, session)
        elif method == "Page.javascriptDialogOpening":
            accept = event.get("type") == "beforeunload"
            self._browser.post("Page.handleJavaScriptDialog", session, accept=accept)
        elif method == "Page.lifecycleEvent" and event["name"] == "load":
            self._loaded.add(event["loaderId"])
        elif method == "Page.frameNavigated" and not event["frame"].get("parentId"):
            self._world, self.loader = None, event["frame"]["loaderId"]
            self.moves += 1
        if session == self._main or session in self._children:
            self.record.note(method, event)

    def _created(self, target: dict[str, Any]) -> None:
        if target["type"] == "page" and target["targetId"] != self._target:
            self.record.popups += 1
            self._popups.append((time.monotonic(), target["targetId"]))

    def _sweep(self) -> None:
        """Close what the page has opened; not at once, for it waits until its window is there."""
        ripe = time.monotonic() - POPUP_SECONDS
        for opened, target in [one for one in self._popups if one[0] < ripe]:
            self._popups.remove((opened, target))
            self._browser.post("Target.closeTarget", targetId=target)

    def _attached(self, event: dict[str, Any], parent: str) -> None:
        """A frame, worker or window of the page's, which waits for us: its requests count too."""
        child = event["sessionId"]
        if child == self._main:
            return
        if event["targetInfo"]["targetId"] != self._target:
            self._children[child] = parent
            self._browser.post("Network.enable", child)
        self._browser.post("Runtime.runIfWaitingForDebugger", child)

    # ------------------------------------------------------------------ opening

    def window(self, width: int, height: int = 0) -> None:
        """Make the window `width` CSS pixels wide."""
        narrow = width < NARROW
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height or (780 if narrow else 800),
            deviceScaleFactor=1,
            mobile=narrow,
        )

    def open(self, url: str, seconds: float) -> None:
        """Open `url` afresh and wait until it has come to rest."""
        self._leave()
        self.record = Record()
        self._loaded.clear()
        self.moves = 0
        deadline = self.left(seconds)
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        try:
            answer = self._browser.call(deadline, "Page.navigate", self._main, url=url)
        except Late as late:
            raise Slow("no answer came") from late
        if answer.get("errorText"):
            raise Unreachable(str(answer["errorText"]))
        self.loader = answer.get("loaderId", self.loader)
        while self.loader not in self._loaded:
            if time.monotonic() >= deadline:
                raise Slow("it was not complete")
            self._hear(min(deadline, time.monotonic() + QUIET))
        self.rest()

    def _leave(self) -> None:
        """Let go of the page before, so that nothing of it goes on."""
        with contextlib.suppress(Refused):
            self.call("Page.navigate", url="about:blank")

    def rest(self) -> None:
        """Wait until nothing is under way any more, or for as long as is worth while."""
        end = self.left(SETTLE)
        quiet_since = time.monotonic()
        while time.monotonic() < min(end, quiet_since + QUIET):
            before = len(self.record.requests)
            self._hear(min(end, quiet_since + QUIET))
            if self.record.waiting or len(self.record.requests) != before:
                quiet_since = time.monotonic()

    # ------------------------------------------------------------------ asking

    def ask(self, expression: str, seconds: float = ANSWER) -> Any:
        """What `expression` comes to in our own script world, as JSON; waits for a promise."""
        for attempt in range(TRIES):
            try:
                return self._evaluated(expression, seconds)
            except Refused:
                # The page has led on meanwhile, and our world went with it.
                self._world = None
                if attempt == TRIES - 1:
                    raise Busy("it does not come to rest") from None
                self.rest()
        raise AssertionError

    def _evaluated(self, expression: str, seconds: float) -> Any:
        if self._world is None:
            made = self.call("Page.createIsolatedWorld", frameId=self._frame, worldName=WORLD)
            self._world = made["executionContextId"]
        answer = self.call(
            "Runtime.evaluate",
            seconds,
            expression=expression,
            contextId=self._world,
            awaitPromise=True,
            returnByValue=True,
            timeout=int(seconds * 1000),
        )
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"].get("exception", {})
            raise ScriptFailed(str(thrown.get("description", "it failed")).partition("\n")[0])
        return answer["result"].get("value")

    def handle(self, expression: str) -> str:
        """A handle of the object that `expression` comes to, in the world of the last `ask`."""
        answer = self.call("Runtime.evaluate", expression=expression, contextId=self._world)
        return str(answer["result"]["objectId"])

    def address(self) -> str:
        """Where the page has led to."""
        tree = self.call("Page.getFrameTree")["frameTree"]
        return str(tree["frame"]["url"])[:400]


class ScriptFailed(Exception):
    """One of our own scripts failed; what it said."""


def resolver_rule(url: str, address: str) -> list[str]:
    """The flag that has the URL's host looked up as `address`, if one is given."""
    host = urlsplit(url).hostname or ""
    if not address or host == address:
        return []
    shown = f"[{address}]" if ":" in address else address
    return [f"--host-resolver-rules=MAP {host} {shown}"]


__all__ = ["Busy", "Crashed", "Gone", "ScriptFailed", "Slow", "Tab", "Unreachable"]
