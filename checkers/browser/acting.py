"""Doing things on a page as a person would: pressing, typing, and going round with the Tab key."""

from __future__ import annotations

import json
import time
from typing import Any

from .chromium import script
from .tab import Tab

KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Space": (32, " "),
    "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
    "Home": (36, ""),
    "End": (35, ""),
    "Backspace": (8, ""),
    "Delete": (46, ""),
}
"""Keys by the name that the page gets, with their Windows key code and what they type."""

MOST_STOPS = 80
WAIT = 5.0
"""Seconds that a `wait` step waits."""
LOOK_AGAIN = 0.1
MARGIN = 12.0
"""CSS pixels round an element in which a mark of its focus counts."""
LARGEST_SPOT = 1400.0
MARK_PIXELS = 12
"""Pixels that change clearly where a person is to see a change."""


class NotDone(Exception):
    """A step that could not be done; why, in words for the candidate."""


def press(tab: Tab, key: str) -> None:
    """Press a key and let it go."""
    code, text = KEYS[key]
    name = " " if key == "Space" else key
    about: dict[str, Any] = {"key": name, "code": key, "windowsVirtualKeyCode": code}
    down: dict[str, Any] = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
    tab.call("Input.dispatchKeyEvent", **down, **about)
    tab.call("Input.dispatchKeyEvent", type="keyUp", **about)


def do(tab: Tab, step: dict[str, Any]) -> None:
    """Carry out one step; raises `NotDone`."""
    if step["act"] == "press":
        press(tab, step["text"])
    elif step["act"] == "wait":
        _wait_for(tab, step["target"])
    else:
        _click(tab, step["target"])
        if step["act"] == "type":
            _type(tab, step)
    tab.rest()


def _spot(tab: Tab, selector: str) -> dict[str, Any]:
    found: dict[str, Any] = tab.ask(f"({script('spot')})({json.dumps(selector)})")
    return found


def _click(tab: Tab, selector: str) -> None:
    spot = _spot(tab, selector)
    if "why" in spot:
        raise NotDone(spot["why"])
    at = {"x": spot["x"], "y": spot["y"], "button": "left", "clickCount": 1}
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=spot["x"], y=spot["y"])
    tab.call("Input.dispatchMouseEvent", type="mousePressed", **at)
    tab.call("Input.dispatchMouseEvent", type="mouseReleased", **at)


def _type(tab: Tab, step: dict[str, Any]) -> None:
    if not tab.ask(f"({script('clear')})({json.dumps(step['target'])})"):
        raise NotDone("it takes no text")
    tab.call("Input.insertText", text=step["text"])


def _wait_for(tab: Tab, selector: str) -> None:
    end = tab.left(WAIT)
    while "why" in (spot := _spot(tab, selector)):
        if time.monotonic() >= end:
            raise NotDone(f"{spot['why']} after {WAIT:g} s")
        tab.pause(LOOK_AGAIN)


# --------------------------------------------------------------------------- the Tab key


def walk(tab: Tab, stops: list[str]) -> dict[str, Any]:
    """Press Tab until the focus has gone round; where it came by and how it could be seen."""
    tab.ask(f"({script('still')})()")
    found: list[dict[str, Any]] = []
    trapped = False
    for _ in range(MOST_STOPS):
        press(tab, "Tab")
        at = tab.ask(f"({script('stop')})({json.dumps(stops)})")
        if at is None:
            if found:
                break
            return {"stops": [], "trapped": False, "stops_cut": False}
        if at["frame"]:
            continue  # the focus is in a page of its own, which is not looked at
        if at["again"]:
            trapped = at["again"] == "stays"
            break
        mark = _mark(tab, at)
        found.append({"element": at["element"], "fits": at["fits"], "mark": mark})
    else:
        return {"stops": found, "trapped": False, "stops_cut": True}
    return {"stops": found, "trapped": trapped, "stops_cut": False}


def _mark(tab: Tab, stop: dict[str, Any]) -> str:
    """How the focus shows: the same spot with it, without it, and with it again."""
    with_it = _picture(tab, stop["box"])
    tab.ask("globalThis.examinerStop.blur()")
    without = _picture(tab, stop["box"])
    tab.ask("globalThis.examinerStop.focus({ preventScroll: true, focusVisible: true })")
    again = _picture(tab, stop["box"])
    if _differ(tab, with_it, again):
        return "unsteady"
    if _differ(tab, with_it, without):
        return "indicator"
    return "caret" if stop["editable"] else "none"


def _picture(tab: Tab, box: dict[str, float]) -> str:
    """A picture of an element and of what is next to it; PNG in base64."""
    clip = {
        "x": max(0.0, box["x"] - MARGIN),
        "y": max(0.0, box["y"] - MARGIN),
        "width": min(LARGEST_SPOT, box["width"] + 2 * MARGIN),
        "height": min(LARGEST_SPOT, box["height"] + 2 * MARGIN),
        "scale": 1,
    }
    taken = tab.call("Page.captureScreenshot", format="png", optimizeForSpeed=True, clip=clip)
    return str(taken["data"])


def _differ(tab: Tab, one: str, other: str) -> bool:
    if one == other:
        return False
    pair = f"{json.dumps(one)}, {json.dumps(other)}"
    return int(tab.ask(f"({script('compare')})({pair})")) >= MARK_PIXELS
