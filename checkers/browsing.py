"""What a real browser is asked to do with a page, and what it saw (the probe is `Browse`).

Every list is capped by the browser's driver; where something was left out, a field says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checkers.probe import Probe


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done on a page after it has loaded.

    `click` presses the first element that `target` (a CSS selector) finds, `type` puts `text` in
    place of what stands in such a field, `press` presses the key called `text`, `wait` waits until
    such an element is visible.
    """

    act: Literal["click", "type", "press", "wait"]
    target: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """Something that the page asked for: `status` 0 and `trouble` where no answer came.

    `bytes` is what went over the network for it, header included.
    """

    url: str
    kind: str
    status: int = 0
    bytes: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """One element as a person meets it.

    `text` is what is rendered of it, `hidden` why nobody can see it (empty if it can be seen),
    `role` and `name` what assistive technology is told. `styles` are computed values and
    `attributes` the page's own, both by name; an attribute that is not there is left out.
    """

    tag: str
    text: str
    hidden: str = ""
    role: str = ""
    name: str = ""
    styles: tuple[tuple[str, str], ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a selector finds: how many there are, and the first of them."""

    selector: str
    count: int
    elements: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The page in a window of `width` CSS pixels.

    `content` is how wide the page is; beyond `width` it has to be scrolled sideways. `cut` are
    texts that end beyond the window's edge although nothing can be scrolled there.
    """

    width: int
    content: int
    cut: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the focus was after one more press of the Tab key.

    `element` says which element that is; `fits` are the numbers of those of the probe's `stops`
    that find it. `mark` is how a person sees it: by an `indicator` that is drawn when it has the
    focus, by the `caret` of a text field alone, not at all (`none`), or it cannot be told because
    the picture there does not stand still (`unsteady`).
    """

    element: str
    fits: tuple[int, ...] = ()
    mark: Literal["indicator", "caret", "none", "unsteady"] = "none"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of axe-core that `count` elements break, or that axe could not decide for them."""

    rule: str
    impact: Literal["minor", "moderate", "serious", "critical"]
    help: str
    count: int
    where: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """The page as it looks in a window of `width` pixels, from its top down; PNG."""

    width: int
    height: int
    png: bytes


@dataclass(frozen=True, slots=True)
class BrowseResult:
    """How a page did in a browser.

    `outcome` is `loaded`; `unreachable` where there is no page (`detail` is the browser's own name
    for why); `slow` where it was not complete in time; `busy` where its scripts do not let anybody
    look at it; `crashed` where it ended the browser. Only a loaded page has the rest. `url` is
    where it led in the end. `failed_step` is the number of the step, from 0, that could not be
    done, and then `detail` says why and nothing after it was done.
    """

    outcome: Literal["loaded", "unreachable", "slow", "busy", "crashed"]
    detail: str = ""
    url: str = ""
    status: int = 0
    title: str = ""
    requests: tuple[Request, ...] = ()
    requests_cut: bool = False
    errors: tuple[str, ...] = ()
    dialogs: int = 0
    popups: int = 0
    frames: int = 0
    failed_step: int | None = None
    found: tuple[Found, ...] = ()
    layouts: tuple[Layout, ...] = ()
    stops: tuple[Stop, ...] = ()
    trapped: bool = False
    stops_cut: bool = False
    audited: bool = False
    violations: tuple[Violation, ...] = ()
    undecided: tuple[Violation, ...] = ()
    pictures: tuple[Picture, ...] = ()
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Browse(Probe[BrowseResult]):
    """Open `url` in a new browser on `host`, which nobody may be able to enter.

    `address` is connected to for the URL's host, whatever its name says. The page is looked at in a
    window of `width` CSS pixels after `steps`: what each of `selectors` finds, with the computed
    `styles` and the `attributes` of those names. `audit` runs axe-core, `walk` presses Tab until
    the focus has gone round and says which of `stops` (selectors) it came by. `layouts` and
    `pictures` are widths at which the page is opened anew and measured, or taken a picture of. A
    load may take `wait` seconds; past `timeout` the whole is an error.
    """

    url: str
    address: str = ""
    verify: bool = True
    width: int = 1280
    steps: tuple[Step, ...] = ()
    selectors: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    audit: bool = False
    walk: bool = False
    stops: tuple[str, ...] = ()
    layouts: tuple[int, ...] = ()
    pictures: tuple[int, ...] = ()
    wait: float = 15.0
    timeout: float = 60.0
    kind: Literal["browse"] = "browse"
