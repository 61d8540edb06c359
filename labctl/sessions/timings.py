"""The timings of many sessions, read in one query where all of their logs can be read."""

from __future__ import annotations

from collections.abc import Callable

from labctl.errors import StoreError
from labctl.sessions.clock import KINDS, Timing, timing_of
from labctl.store import SessionFilter, Store

DAMAGED = (StoreError, KeyError, TypeError, ValueError)
"""What reading a log raises whose events are not what they were."""


def timings(
    store: Store, wanted: SessionFilter, damaged: Callable[[str, str], object]
) -> dict[str, Timing]:
    """The timing of each session that matches, by code.

    One whose log is damaged is left out, and keeps no other from being read: `damaged` gets its
    code and what is wrong.
    """
    try:
        return {code: timing_of(events) for code, events in store.turns(KINDS, wanted).items()}
    except DAMAGED:
        pass
    found = {}
    for each in store.sessions(wanted):
        try:
            turns = store.turns(KINDS, SessionFilter(codes=(each.code,)))
            found[each.code] = timing_of(turns.get(each.code, ()))
        except DAMAGED as error:
            damaged(each.code, error.message if isinstance(error, StoreError) else repr(error))
    return found
