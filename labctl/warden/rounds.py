"""One round of the warden: who is to be warned, whose work is to be taken in, what was left.

    boot      what a power cut has stopped is paused as of the last heartbeat, before anything else
    time      a warning in the last minute, a hand-in at its end
    left      what a command left half done is finished or undone, a while after it was begun
    hosts     see `hosts`
    heartbeat the sign of life at which clocks stand if the server goes down

Hand-ins, and whatever else takes long, are jobs beside the rounds: a grading that takes minutes
keeps nobody's time from ending when it should.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from labctl.centre.account import Account
from labctl.errors import LabctlError
from labctl.sessions.clock import SECOND, ZERO, Moment, Timing, elapsed
from labctl.sessions.controller import Controller
from labctl.sessions.deadline import WARNING, hand_in_due, warn
from labctl.sessions.heartbeat import beat, last_looks
from labctl.sessions.interruption import ran_before, stand_one, stand_still
from labctl.sessions.record import AT_WORK, State
from labctl.sessions.recovery import settle_left
from labctl.sessions.submission import DEADLINE
from labctl.sessions.timings import timings
from labctl.store import Busy, Intention, SessionFilter, SessionRecord, moment
from labctl.warden.hosts import look_after, unharmed
from labctl.warden.jobs import Jobs

NAME = "@warden"
"""Who did it, in the record; no account's name has an `@`."""
PAUSE = timedelta(seconds=2)
"""The longest time between two rounds."""
SHORTEST = timedelta(seconds=0.05)
PATIENCE = timedelta(seconds=30)
"""How long whoever left something half done has to type the command again; and between two tries
of what fails."""
NEEDED = (State.CREATED, State.STARTING, *AT_WORK, State.SUBMITTING)
"""States of a session that needs a warden."""


class Warden:
    """Does rounds. What it remembers saves work, and is found out anew by the next warden."""

    def __init__(self, controller: Controller, jobs: Jobs) -> None:
        self._controller = controller.on_behalf(Account(NAME, os.getuid()), controller.tell)
        self._jobs = jobs
        self._timings: dict[str, tuple[int, Timing]] = {}
        self._warned: set[tuple[str, timedelta]] = set()
        self._failed: dict[str, Moment] = {}
        self._unwell: dict[str, list[str]] = {}
        self._damaged: set[tuple[str, str]] = set()
        self._looks = last_looks(controller.home)

    def round(self) -> timedelta | None:
        """One round; how long until the next, None while no session needs one."""
        whole = self._see_to_boot()
        store = self._controller.store
        needing = store.sessions(SessionFilter(states=NEEDED))
        next_one = PAUSE
        for code, timing in self._clocks(needing).items():
            next_one = min(next_one, self._keep_time(code, timing))
        self._see_to_what_is_left(store.open_intentions())
        self._jobs.begin("hosts", self._look_after_hosts)
        if whole:
            unharmed(self._controller, "", self._beat)
        return max(next_one, SHORTEST) if needing else None

    def interrupt(self) -> None:
        """Ask what is under way to stop where the next warden can go on with it."""
        self._controller.interrupt()

    # ------------------------------------------------------------------ the time

    def _clocks(self, sessions: Sequence[SessionRecord]) -> dict[str, Timing]:
        """The timing of each session that runs; only what has moved is read.

        One whose log is damaged keeps the time that it had before, if it was whole then.
        """
        running = {each.code: each for each in sessions if each.state == State.RUNNING}
        known = {code: self._timings[code] for code in running if code in self._timings}
        moved = [code for code in running if known.get(code, (0,))[0] != running[code].sequence]

        def damaged(code: str, why: str) -> None:
            self._tell_damage(code, why)
            if code in known:
                known[code] = (running[code].sequence, known[code][1])

        if moved:
            wanted = SessionFilter(codes=tuple(moved))
            for code, timing in timings(self._controller.store, wanted, damaged).items():
                known[code] = (running[code].sequence, timing)
        self._timings = known
        return {code: timing for code, (_, timing) in known.items()}

    def _tell_damage(self, code: str, why: str) -> None:
        if (code, why) not in self._damaged:
            self._damaged.add((code, why))
            self._controller.tell(code, f"{why} Nothing keeps its time.")

    def _keep_time(self, code: str, timing: Timing) -> timedelta:
        """Warn, or have the work taken in; how long until something is to be done again."""
        if ran_before(timing, self._controller.now()):
            # Its log could not be read when all others were paused, or a backup has brought it.
            unharmed(self._controller, code, lambda: tuple(stand_one(self._controller, code)))
            return PAUSE
        left = timing.read(self._controller.now()).left
        if left > WARNING:
            return left - WARNING
        if left > ZERO:
            end = (code, timing.total)
            if end not in self._warned and unharmed(
                self._controller, code, partial(warn, self._controller, code)
            ):
                self._warned.add(end)
            return left
        if self._may_try(code):
            self._jobs.begin(code, partial(self._hand_in, code))
        return PAUSE

    def _hand_in(self, code: str) -> None:
        try:
            hand_in_due(self._controller, code)
        except Busy:
            return  # a command is at it, and ends soon: tried at the next round
        except Exception as error:  # noqa: BLE001  # it must not end the warden
            self._note_failure(code, error)
        else:
            self._failed.pop(code, None)

    def _may_try(self, code: str) -> bool:
        failed = self._failed.get(code)
        return failed is None or elapsed(failed, self._controller.now()) >= PATIENCE

    def _note_failure(self, code: str, error: Exception) -> None:
        self._failed[code] = self._controller.now()
        told = (
            error.message if isinstance(error, LabctlError) else f"{type(error).__name__}: {error}"
        )
        self._controller.tell(code, f"{told} Tried again in {PATIENCE // SECOND} s.")

    # ------------------------------------------------------------------ what was left half done

    def _see_to_what_is_left(self, open_now: Sequence[Intention]) -> None:
        codes = {each.session for each in open_now if self._is_left(each)}
        for code in sorted(codes):
            if self._may_try(code):
                self._jobs.begin(code, partial(self._settle, code))

    def _is_left(self, intention: Intention) -> bool:
        """Whether to go on with it if nobody is at it, as only its session's lock can tell."""
        if intention.data.get("by") == DEADLINE:
            return True
        return abs(self._controller.now().at - moment(intention.at)) >= PATIENCE

    def _settle(self, code: str) -> None:
        try:
            found = settle_left(self._controller, code)
        except Exception as error:  # noqa: BLE001  # it must not end the warden
            self._note_failure(code, error)
            return
        for each in found:
            self._controller.tell(code, f"its {each.verb} had been cut off; {each.what}")
            if each.problem:
                self._note_failure(code, LabctlError(each.problem))

    # ------------------------------------------------------------------ the server

    def _see_to_boot(self) -> bool:
        """Pause what ran before this boot; until that is done there is no heartbeat."""
        left = [""]

        def see_to_it() -> None:
            found = stand_still(self._controller)
            left[:] = [each.session for each in found if each.problem and not each.damaged]

        unharmed(self._controller, "", see_to_it)
        return not left

    def _look_after_hosts(self) -> None:
        unharmed(
            self._controller, "", lambda: look_after(self._controller, self._unwell, self._looks)
        )

    def _beat(self) -> None:
        looks = {code: at for code, at in self._looks.copy().items() if code in self._timings}
        beat(self._controller.home, self._controller.now(), looks)
