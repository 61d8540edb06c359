"""A store with three hundred sessions, against one with three."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Row, by_turns, clocked
from labctl.store import NewSession, Result, Run, Store

FEW, MANY = 3, 300
CHECKS = 12


def rows(home: Path, turns: int) -> Iterator[Row]:
    """A list by a command of its own, and a refresh by a screen that has the store open."""
    few, many = home / "few", home / "many"
    _fill(few, FEW)
    _fill(many, MANY)
    peer = f"{FEW} sessions"
    many_s, few_s = by_turns(7 * turns, lambda: _listing(many), lambda: _listing(few), quiet=False)
    yield Row(f"list {MANY} sessions of one store", many_s, peer, few_s, 3)
    with Store.open(many) as large, Store.open(few) as small:
        many_s, few_s = by_turns(
            7 * turns,
            lambda: clocked(lambda: _refresh(large, MANY)),
            lambda: clocked(lambda: _refresh(small, FEW)),
            quiet=False,
        )
    yield Row(f"refresh a dashboard of {MANY} sessions", many_s, peer, few_s, 3)


def _listing(home: Path) -> float:
    def listing() -> None:
        with Store.open(home) as store:
            store.sessions()
            store.latest_runs()

    return clocked(listing)


def _refresh(store: Store, count: int) -> None:
    if len(store.sessions()) != count or len(store.latest_runs()) != count:
        raise RuntimeError(f"the store does not list its {count} sessions and their runs")


def _fill(home: Path, count: int) -> None:
    """Sessions with the events and the run of a handed-in attempt."""
    with Store.open(home) as store:
        plan = store.put_blob(b"{}")
        results = [
            Result("task", f"check-{number}", "passed", 1.0, 1.0) for number in range(CHECKS)
        ]
        summary = {"marks": CHECKS, "available": CHECKS, "outcome": "achieved", "tasks": []}
        for number in range(count):
            new = NewSession(f"candidate-{number}", "lab", "0" * 64, number, "practice", plan)
            code = store.create_session(new, "benchmark").code
            for kind in ("hosts.placed", "hand-in", "hosts.removed"):
                store.append(code, kind, {"note": "x" * 200}, "benchmark", state="submitted")
            run = Run("submit", "0" * 64, "0" * 64, None, summary)
            store.record_run(code, run, results, "benchmark")
