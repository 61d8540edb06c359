"""A sitting of twelve, as a centre holds it: everything that happens in a room, and a power cut.

On a Docker daemon of its own, so that everything can be killed: the server, the daemon, every host.
"""

from __future__ import annotations

import csv
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from labctl.store import Event, Store, moment
from tests.labctl_process import LIBRARY, Labctl
from tests.own_docker import OwnDocker, own_docker
from tests.server_process import ServerProcess

# The SDK leaves the socket of a connection that was refused to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

IMAGES = ("observer", "wirer", "net", "host")
CANDIDATES = tuple(f"C{number:02}" for number in range(1, 13))
SLOWER, RESTS, IN_TROUBLE, SENT_BACK, LATE, ABSENT = "C02", "C03", "C05", "C06", "C11", "C12"
ALLOWANCE = 600
"""Seconds of the lab `mini`."""
CREDIT = 120
ALARM = 3.0
OUTAGE = 25.0
"""Seconds for which nothing runs: longer than what belongs to working."""
BETWEEN_LOOKS = 10.0
"""Seconds that the warden may take to look at everybody's hosts: the last one, and some."""
BEGINS = ("start.done", "resume.done", "reopen.done")
STANDS = ("pause.intended", "submit.intended")


@dataclass
class Room:
    """The room, with whatever runs in it."""

    labctl: Labctl
    daemon: OwnDocker
    server: ServerProcess
    code: str = ""
    stood: dict[str, float] = field(default_factory=dict)
    """By candidate: how long their clock may have stood at most, by a stopwatch in the room."""

    def seats(self) -> dict[str, Any]:
        """Every seat as the screen shows it, by candidate."""
        view = self.labctl.json("sitting", "show", self.code)
        return {each["seat"]["candidate"]: each for each in view["seats"]}

    def session(self, candidate: str) -> str:
        return str(self.seats()[candidate]["seat"]["session"])

    def states(self) -> dict[str, str]:
        return {name: each["state"] for name, each in self.seats().items()}

    @contextmanager
    def standing(self, *candidates: str) -> Iterator[None]:
        """Their clocks stand for no longer than this lasts."""
        began = time.monotonic()
        yield
        for each in candidates:
            self.stood[each] = self.stood.get(each, 0.0) + time.monotonic() - began


@pytest.fixture
def room(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with own_docker(tmp_path_factory.mktemp("docker"), IMAGES) as daemon:
        labctl = Labctl(tmp_path)
        home = tmp_path / "home"
        home.mkdir()
        server = ServerProcess(home, LIBRARY, ["-m", "labctl", "serve"])
        server.start()
        labctl.environment["LABCTL_SERVER"] = "always"
        try:
            yield Room(labctl, daemon, server)
        finally:
            server.close()


def roster(folder: Path) -> str:
    path = folder / "roster.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(("Code", "Name", "Cohort", "Extra time", "Rest breaks"))
        for code in CANDIDATES:
            extra, rests = ("25" if code == SLOWER else "", "yes" if code == RESTS else "")
            rows.writerow((code, f"Somebody {code}", "A", extra, rests))
    return str(path)


def planned(room: Room) -> str:
    labctl = room.labctl
    del labctl.environment["LABCTL_SERVER"]  # a roster is imported where the file is
    labctl("people", "import", roster(labctl.folder))
    labctl.environment["LABCTL_SERVER"] = "always"
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    booking = ("--day", today, "--start", "00:00", "--until", "23:59", "--room", "R 12")
    made = labctl.json("sitting", "new", *booking, "--lab", "mini", "--cohort", "A")
    return str(made["sitting"]["code"])


def begun(room: Room) -> None:
    labctl, code = room.labctl, room.code
    prepared = labctl.begin("sitting", "prepare", code)
    assert "FIT AT MOST" in prepared.communicate(timeout=60)[0]
    assert prepared.returncode in (0, 1), "1 where others keep the processors busy"
    labctl("sitting", "register", code, ABSENT, "absent")
    in_time = [each for each in CANDIDATES if each not in (LATE, ABSENT)]
    labctl("sitting", "register", code, *in_time, "present", "--identity-checked")
    labctl("sitting", "begin", code)
    assert room.states() == dict.fromkeys((LATE, ABSENT), "") | dict.fromkeys(in_time, "running")
    labctl("sitting", "begin", code, LATE)


def everything_killed(room: Room) -> None:
    """Nothing is left but what was written to disks; then it is all started again."""
    room.server.end(signal.SIGKILL)
    room.daemon.kill_all()
    time.sleep(OUTAGE)
    room.daemon.start(live_restore=False)
    room.server.start()


def credited(room: Room) -> dict[str, list[int]]:
    """What the machinery gave back, by candidate, as their logs have it."""
    return {
        candidate: [event.data["seconds"] for event in events if event.kind == "time.credited"]
        for candidate, events in logs(room).items()
    }


def logs(room: Room) -> dict[str, tuple[Event, ...]]:
    with Store.open(room.labctl.folder / "home") as store:
        return {
            name: store.events(each["seat"]["session"])
            for name, each in room.seats().items()
            if each["seat"]["session"]
        }


def test_a_sitting_of_twelve(room: Room) -> None:
    labctl = room.labctl
    room.code = code = planned(room)
    begun(room)
    there = tuple(each for each in CANDIDATES if each != ABSENT)

    resting = room.session(RESTS)
    with room.standing(RESTS):
        labctl("pause", resting, "--reason", "rest break")
        with room.standing(*(each for each in there if each != RESTS)):
            labctl("sitting", "pause", code, "--reason", "fire alarm")
            assert {room.states()[each] for each in there} == {"paused"}
            time.sleep(ALARM)
            labctl("sitting", "resume", code)
        assert room.states()[RESTS] == "paused", "who rests is not called back by the alarm's end"
        labctl("resume", resting)

    labctl("sitting", "notice", code, "In task 1, read 24 for 25.", "--credit", str(CREDIT // 60))

    began = time.monotonic()
    everything_killed(room)
    room.server.wait_for(lambda: all(credited(room).values()), "all hosts to be back", 180)
    longest = time.monotonic() - began
    for candidate, given in credited(room).items():
        assert len(given) == 1, candidate
        assert OUTAGE <= given[0] <= longest + BETWEEN_LOOKS, candidate

    lost = room.session(IN_TROUBLE)
    labctl("void", lost, "--reason", "its screen is broken", "--yes")
    labctl("sitting", "begin", code, IN_TROUBLE)
    assert room.session(IN_TROUBLE) != lost

    back = room.session(SENT_BACK)
    labctl("submit", back)
    labctl("reopen", back, "--reason", "handed in by mistake")
    labctl("submit", *(room.session(each) for each in there))
    labctl("sitting", "end", code)

    every_clock_is_right(room, there)
    every_record_is_complete(room, there, lost)


def every_clock_is_right(room: Room, there: tuple[str, ...]) -> None:
    """By the times of the events alone, in arithmetic of the test's own."""
    seats, events = room.seats(), logs(room)
    for candidate in there:
        clock, log = seats[candidate]["clock"], events[candidate]
        worked = paused = 0.0
        since: datetime | None = None
        left: datetime | None = None
        for event in log:
            at = moment(event.at)
            if event.kind in BEGINS:
                paused += (at - left).total_seconds() if left else 0.0
                since, left = at, None
            elif event.kind in STANDS and since is not None:
                worked += (at - since).total_seconds()
                since, left = None, at if event.kind == "pause.intended" else None
        assert abs(clock["worked"] - worked) <= 1, candidate
        assert abs(seats[candidate]["paused"] - paused) <= 1, candidate
        if candidate != IN_TROUBLE:
            assert ALARM <= paused <= room.stood[candidate], candidate
        given = sum(each.data["seconds"] for each in log if each.kind == "time.credited")
        told = CREDIT if candidate != IN_TROUBLE else 0
        assert clock["credited"] == given + told, candidate
        extra = ALLOWANCE // 4 if candidate == SLOWER else 0
        assert clock["total"] == ALLOWANCE + extra + given + told, candidate
        assert clock["remaining"] == pytest.approx(clock["total"] - worked, abs=1), candidate
    assert seats[RESTS]["paused"] > seats["C01"]["paused"]


def every_record_is_complete(room: Room, there: tuple[str, ...], lost: str) -> None:
    """Each has its beginning, hand-in, capture and marks; the seal names all of them."""
    seats = room.seats()
    assert {seats[each]["state"] for each in there} == {"submitted"}
    assert seats[ABSENT]["seat"]["session"] is None
    assert seats[ABSENT]["seat"]["entry"]["presence"] == "absent"
    assert seats[LATE]["seat"]["entry"]["presence"] == "late"
    assert seats[IN_TROUBLE]["void"] == [lost]
    for candidate, log in logs(room).items():
        kinds = [event.kind for event in log]
        hand_ins = 2 if candidate == SENT_BACK else 1
        for each in ("submit.intended", "submit.done"):
            assert kinds.count(each) == hand_ins, (candidate, each)
        for each in ("start.done", "capture.taken", "run.recorded"):
            assert each in kinds, (candidate, each)
    audited = room.labctl.json("audit")
    assert audited["problems"] == []
    assert len(audited["sessions"]) == len(there) + 1
    with Store.open(room.labctl.folder / "home") as store:
        sealed = store.sittings.events(room.code)[-1].data["seats"]
    assert [each["candidate"] for each in sealed] == list(CANDIDATES)
    assert all(each["head"] for each in sealed if each["candidate"] in there)
