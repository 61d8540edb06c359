"""A store with three hundred sessions, against one with three."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Row, by_turns, clocked, run
from labctl.sessions.views import session_views
from labctl.store import NewSession, Result, Run, Store

FEW, MANY = 3, 300
CHECKS = 12


def rows(home: Path, turns: int) -> Iterator[Row]:
    """The command that lists them, and what a screen that is open reads again and again."""
    few, many = home / "few", home / "many"
    _fill(few, FEW)
    _fill(many, MANY)
    peer = f"{FEW} sessions"
    many_s, few_s = by_turns(5 * turns, lambda: _listing(many), lambda: _listing(few), quiet=False)
    yield Row(f"labctl sessions --all, {MANY} in the store", many_s, peer, few_s, 3)
    with Store.open(many) as large, Store.open(few) as small:
        many_s, few_s = by_turns(
            20 * turns,
            lambda: clocked(lambda: _refresh(large, MANY)),
            lambda: clocked(lambda: _refresh(small, FEW)),
            quiet=False,
        )
    yield Row(f"read what a dashboard of {MANY} sessions shows", many_s, peer, few_s, 3)


def _listing(home: Path) -> float:
    labctl = Path(sys.executable).with_name("labctl")
    environment = {**os.environ, "LABCTL_HOME": str(home)}
    return clocked(lambda: run([labctl, "sessions", "--all"], env=environment))


def _refresh(store: Store, count: int) -> None:
    found = session_views(store)
    if len(found) != count or any(each.run is None for each in found):
        raise RuntimeError(f"the store does not list its {count} sessions and their runs")


def _fill(home: Path, count: int) -> None:
    """Sessions with the events and the run of a handed-in attempt."""
    with Store.open(home) as store:
        plan = store.put_blob(b"{}")
        passed = [Result("task", f"check-{number}", "passed", 1.0, 1.0) for number in range(CHECKS)]
        summary = {
            "marks": CHECKS,
            "available": CHECKS,
            "outcome": "achieved",
            "reason": "every criterion is met",
            "criteria": {},
            "tasks": [],
        }
        for number in range(count):
            new = NewSession(f"C{number}", "lab", "0" * 64, number, "practice", plan)
            code = store.create_session(new, "benchmark").code
            for kind in ("hosts.placed", "hand-in", "hosts.removed"):
                store.append(code, kind, {"note": "x" * 200}, "benchmark", state="submitted")
            graded = Run("submit", "0" * 64, "0" * 64, None, summary)
            store.record_run(code, graded, passed, "benchmark")
