"""`python -m benchmarks`: measure, print the table, write benchmarks/latest.json."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import grading, machines, peers, provisioning, records, stage, start_up
from benchmarks.measuring import Row
from labctl.errors import LabctlError

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "labctl-benchmarks-"
LATEST = ROOT / "benchmarks" / "latest.json"

Group = Callable[[Path, int], Iterator[Row]]

GROUPS: dict[str, Group] = {
    "grading": grading.rows,
    "provisioning": provisioning.rows,
    "records": records.rows,
    "start-up": start_up.rows,
    "machines": machines.rows,
}


def main() -> int:
    """Run the groups that were asked for (all, unless some are named)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--turns", type=int, default=3, help="how often each side has its turn")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.groups if name not in GROUPS]
    if unknown or chosen.turns < 1:
        parser.error(f"the groups are {', '.join(GROUPS)}; `--turns` is at least 1")
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell has them ignored
        signal.signal(number, signal.default_int_handler)
    os.chdir(ROOT)
    say = Console(stderr=True)
    rows: list[Row] = []
    try:
        with _alone(), tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
            for name in chosen.groups or GROUPS:
                say.print(f"[dim]measures: {name}[/dim]")
                rows += _group(GROUPS[name], Path(folder), chosen.turns)
    except KeyboardInterrupt:
        say.print("Interrupted. What had been made is removed; latest.json is as it was.")
        return 130
    except (RuntimeError, LabctlError) as error:
        say.print(f"A measurement could not be made: {error}", markup=False)
        return 1
    Console().print(table(rows))
    if not chosen.groups:
        LATEST.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n", "utf-8")
        say.print(f"[dim]written: {LATEST.relative_to(ROOT)}[/dim]")
    return 0


def _group(group: Group, folder: Path, turns: int) -> list[Row]:
    _clear(folder)
    try:
        return list(group(folder, turns))
    finally:
        _clear(folder)


def _clear(folder: Path) -> None:
    """Remove what was made, on both sides; a second Ctrl-C has to wait for that."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        stage.clear(folder)
        peers.clear()
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _alone() -> Iterator[None]:
    """One run at a time on a machine: two would remove each other's hosts."""
    with (Path(tempfile.gettempdir()) / "labctl-benchmarks.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("The benchmarks run already on this machine; wait until they have ended.")
        for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        yield


def table(rows: list[Row]) -> Table:
    """The rows for people."""
    made = Table(title="Medians of both sides, taking turns", title_justify="left")
    for title in ("work", "against"):
        made.add_column(title, overflow="fold")
    for title in ("ours", "theirs", "ratio", "at most"):
        made.add_column(title, justify="right", no_wrap=True)
    made.add_column("", no_wrap=True)
    verdicts = {True: "[green]met[/green]", False: "[red]missed[/red]", None: ""}
    for row in rows:
        made.add_row(
            row.name,
            row.peer,
            seconds(row.ours_s),
            seconds(row.peer_s),
            ratio(row.ratio),
            "" if row.at_most is None else ratio(row.at_most),
            verdicts[row.met],
        )
    return made


def seconds(value: float) -> str:
    """A time for people."""
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.2f} s"


def ratio(value: float) -> str:
    """A ratio for people: small ones as a fraction of one."""
    return f"1/{1 / value:.0f}" if value < 0.05 else f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main())
