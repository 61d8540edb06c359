"""Making twenty hosts on ten networks until every one has booted, and removing them.

Each side is a process from its start to its end, Python's own start included: for us
`benchmarks.session`, for the peer docker-compose. The same image boots the same init on both.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import stage
from benchmarks.measuring import Row, await_quiet, clocked, median, run
from benchmarks.peers import Compose

HOSTS, NETWORKS = 20, 10
SESSION = "bench-many"
UP = f"provision {HOSTS} hosts on {NETWORKS} networks until booted"
DOWN = f"remove {HOSTS} hosts on {NETWORKS} networks"


def rows(home: Path, turns: int) -> Iterator[Row]:
    """Up and down against docker-compose, with the helpers there already and without."""
    peer = Compose(home, HOSTS, NETWORKS)
    times: dict[str, list[float]] = {}
    for _ in range(turns):
        for name, seconds in (*_peer(peer), *_cold(home), *_warm(home)):
            times.setdefault(name, []).append(seconds)
    medians = {name: median(taken) for name, taken in times.items()}
    up, down = "docker-compose up -d", "docker-compose down -t 0"
    yield Row(UP, medians["up"], up, medians["peer up"], 0.75)
    yield Row(f"{UP}, helpers too", medians["cold up"], up, medians["peer up"])
    yield Row(DOWN, medians["down"], down, medians["peer down"], 0.5)
    yield Row(f"{DOWN}, helpers too", medians["cold down"], down, medians["peer down"])


def _peer(peer: Compose) -> Iterator[tuple[str, float]]:
    await_quiet()
    yield "peer up", peer.up()
    await_quiet()
    yield "peer down", peer.down()


def _cold(home: Path) -> Iterator[tuple[str, float]]:
    """The first session of a server: its helpers are made, and removed with it."""
    await_quiet()
    yield "cold up", clocked(lambda: _command("up", home, str(HOSTS), str(NETWORKS)))
    await_quiet()
    yield "cold down", clocked(lambda: _command("down", home))


def _warm(home: Path) -> Iterator[tuple[str, float]]:
    """Any other session: the helpers are there for somebody else already."""
    stage.up(home, stage.KEEPER, 1, 1)
    try:
        await_quiet()
        yield "up", clocked(lambda: _command("up", home, str(HOSTS), str(NETWORKS)))
        await_quiet()
        yield "down", clocked(lambda: _command("down", home))
    finally:
        stage.down(home, stage.KEEPER)


def _command(act: str, home: Path, *size: str) -> None:
    run([sys.executable, "-m", "benchmarks.session", act, home, SESSION, *size])
