"""Looking at a page: what selectors find, how wide it is, what axe-core says, how it looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .chromium import script
from .tab import ScriptFailed, Tab

AXE = Path("/usr/local/lib/axe-core/package/axe.min.js")
AUDIT_SECONDS = 25.0
MOST_ELEMENTS = 30
TALLEST = 4000
"""CSS pixels of a page that a picture shows."""
LARGEST_PICTURE = 1 << 20
SCALES = (1.0, 0.5, 0.25)


class NotLooked(Exception):
    """Something that could not be looked at for a reason of ours."""


def unroll(tab: Tab) -> None:
    """Have the page load what it keeps for those who scroll down."""
    tab.ask(f"({script('unroll')})()")
    tab.rest()


def elements(tab: Tab, probe: dict[str, Any]) -> list[dict[str, Any]]:
    """What each selector finds; raises `NotLooked` for one that is none."""
    given = [probe["selectors"], probe["styles"], probe["attributes"], MOST_ELEMENTS]
    words = ", ".join(json.dumps(one) for one in given)
    found: list[dict[str, Any]] = tab.ask(f"({script('elements')})({words})")
    for number, one in enumerate(found):
        if one.pop("wrong", False):
            raise NotLooked(f"`{one['selector']}` is no CSS selector")
        for at, element in enumerate(one["elements"]):
            element.update(_told(tab, f"globalThis.examinerFound[{number}][{at}]"))
    return found


def _told(tab: Tab, expression: str) -> dict[str, str]:
    """What assistive technology is told about an element: its role and name."""
    handle = tab.handle(expression)
    nodes = tab.call("Accessibility.getPartialAXTree", objectId=handle, fetchRelatives=False)
    node: dict[str, Any] = next(iter(nodes["nodes"]), {})
    if node.get("ignored"):
        return {"role": "", "name": ""}
    values = {key: str(node.get(key, {}).get("value", ""))[:300] for key in ("role", "name")}
    return values | {"role": values["role"] if values["role"] != "none" else ""}


def layout(tab: Tab, width: int) -> dict[str, Any]:
    """How the page fits a window of `width`, which it was opened in."""
    found: dict[str, Any] = tab.ask(f"({script('layout')})({width})")
    found.pop("height")
    return found


def audit(tab: Tab) -> dict[str, Any]:
    """What axe-core finds; raises `NotLooked` where it could not do its work."""
    try:
        tab.ask(f"{AXE.read_text(encoding='utf-8')}\n;0", AUDIT_SECONDS)
        found = tab.ask(f"({script('audit')})()", AUDIT_SECONDS)
    except ScriptFailed as failure:
        raise NotLooked(f"axe-core failed: {failure}") from failure
    if not isinstance(found, dict) or not found.pop("applied", 0):
        raise NotLooked("axe-core applied no rule")
    return {"audited": True, **found}


def picture(tab: Tab, width: int) -> list[dict[str, Any]]:
    """The page as it looks, made smaller until it is not too large; none if it stays so."""
    tab.ask("scrollTo({ top: 0, left: 0, behavior: 'instant' })")
    height = min(TALLEST, max(1, int(tab.ask("document.documentElement.scrollHeight"))))
    for scale in SCALES:
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": scale}
        taken = tab.call(
            "Page.captureScreenshot", 20.0, format="png", captureBeyondViewport=True, clip=clip
        )
        if len(taken["data"]) * 3 // 4 <= LARGEST_PICTURE:
            return [{"width": width, "height": height, "png": taken["data"]}]
    return []
