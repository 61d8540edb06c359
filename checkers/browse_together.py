"""Probes about one page answered by one visit: a browser takes longer to start than to look.

What each probe gets is what it would have got by itself, since a visit looks at everything in an
order in which nothing spoils what follows (see `checkers/browser/__main__.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from checkers.browsing import Browse, BrowseResult, Element, Found


def gathered(probes: Iterable[Browse]) -> list[list[Browse]]:
    """The probes in groups that one visit can answer each; only one way of the Tab key in each."""
    groups: list[list[Browse]] = []
    for probe in probes:
        group = next((one for one in groups if _goes_with(one, probe)), None)
        if group is None:
            groups.append([probe])
        else:
            group.append(probe)
    return groups


def _visit(probe: Browse) -> Browse:
    """The visit that a probe is about, whatever is looked at."""
    return Browse(
        probe.host,
        probe.url,
        probe.address,
        probe.verify,
        probe.width,
        probe.steps,
        wait=probe.wait,
        timeout=probe.timeout,
    )


def _goes_with(group: Sequence[Browse], probe: Browse) -> bool:
    ways = {one.stops for one in (*group, probe) if one.walk}
    return _visit(group[0]) == _visit(probe) and len(ways) <= 1


def merged(group: Sequence[Browse]) -> Browse:
    """One probe that asks for all that a group of probes asks for."""
    return replace(
        _visit(group[0]),
        selectors=_all(probe.selectors for probe in group),
        styles=_all(probe.styles for probe in group),
        attributes=_all(probe.attributes for probe in group),
        audit=any(probe.audit for probe in group),
        walk=any(probe.walk for probe in group),
        stops=next((probe.stops for probe in group if probe.walk), ()),
        layouts=tuple(sorted({width for probe in group for width in probe.layouts})),
        pictures=tuple(sorted({width for probe in group for width in probe.pictures})),
    )


def _all(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))


def part_of(result: BrowseResult, probe: Browse) -> BrowseResult:
    """What of a visit's result one of its probes asked for."""
    empty = BrowseResult(result.outcome)
    own = replace(
        result,
        found=tuple(_found(one, probe) for one in result.found if one.selector in probe.selectors),
        layouts=tuple(one for one in result.layouts if one.width in probe.layouts),
        pictures=tuple(one for one in result.pictures if one.width in probe.pictures),
    )
    if not probe.walk:
        own = replace(own, stops=empty.stops, trapped=empty.trapped, stops_cut=empty.stops_cut)
    if not probe.audit:
        own = replace(own, audited=empty.audited, violations=(), undecided=())
    return own


def _found(found: Found, probe: Browse) -> Found:
    return replace(found, elements=tuple(_element(one, probe) for one in found.elements))


def _element(element: Element, probe: Browse) -> Element:
    return replace(
        element,
        styles=tuple(pair for pair in element.styles if pair[0] in probe.styles),
        attributes=tuple(pair for pair in element.attributes if pair[0] in probe.attributes),
    )
