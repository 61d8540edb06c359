"""The record: sessions, their event logs, the centre's own, runs, and large values by digest.

The truth is the log; everything else is what its events add up to. `Store` comes on first use, so
that importing the records alone does not load the database's libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from labctl.store.home import Home, database_url, home_path
from labctl.store.locks import Busy
from labctl.store.processes import ProcessIdentity
from labctl.store.records import (
    BLOBS,
    CENTRE,
    Event,
    Intention,
    Mode,
    NewSession,
    Person,
    Problem,
    Reason,
    Result,
    Run,
    RunRecord,
    SessionFilter,
    SessionRecord,
    SittingRecord,
    moment,
    time_text,
)

if TYPE_CHECKING:
    from labctl.store.log import OutOfDate
    from labctl.store.store import Store

__all__ = [
    "BLOBS",
    "CENTRE",
    "Busy",
    "Event",
    "Home",
    "Intention",
    "Mode",
    "NewSession",
    "OutOfDate",
    "Person",
    "Problem",
    "ProcessIdentity",
    "Reason",
    "Result",
    "Run",
    "RunRecord",
    "SessionFilter",
    "SessionRecord",
    "SittingRecord",
    "Store",
    "database_url",
    "home_path",
    "moment",
    "time_text",
]

_HEAVY = {"Store": "labctl.store.store", "OutOfDate": "labctl.store.log"}


def __getattr__(name: str) -> Any:
    if name in _HEAVY:
        return getattr(import_module(_HEAVY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
