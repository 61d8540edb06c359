"""A notice to the whole room: on every sheet once, with the same time back for all at work."""

from __future__ import annotations

from typing import Any

import pytest

from labctl.errors import UnknownName, UsageError
from labctl.sessions import incidents, record
from labctl.sessions.clock import SECOND
from labctl.sessions.controller import Controller
from labctl.sessions.pausing import pause as pause_one
from labctl.sessions.submission import submit
from labctl.sessions.task_sheet import task_sheet
from labctl.sittings import notices
from labctl.sittings.beginning import begin
from labctl.sittings.notices import notice
from labctl.store import moment
from tests.fakes.sittings import begun, clock_of, kinds, planned
from tests.fakes.time import HandMoved
from tests.fakes.timed import Killed, dying_after

TEXT = "Task 1: read `/srv/b` for `/srv/d`."


def told(controller: Controller, session: str) -> int:
    return task_sheet(record.load(controller.store, session)).count("read `/srv/b`")


def test_everybody_is_told_once_and_given_the_same_time(
    controller: Controller, now: HandMoved
) -> None:
    code, found = begun(controller)
    now.pass_by(100)
    submit(controller, found["C3"])
    pause_one(controller, found["C2"], "rest break")
    acted = notice(controller, code, TEXT, 180)
    assert [(each.candidate, each.remaining) for each in acted.outcomes] == [
        ("C1", 680),
        ("C2", 680),
    ]
    assert acted.left == {"C3": "the session is submitted"}
    for name in ("C1", "C2"):
        assert clock_of(controller, found[name]).credited == 180 * SECOND
        assert told(controller, found[name]) == 1
        assert controller.store.audit(found[name]) == ()
    deadline = controller.store.session(found["C1"]).deadline
    assert moment(deadline or "") == controller.now().at + 680 * SECOND
    assert controller.store.session(found["C2"]).deadline is None


def test_who_begins_later_is_told_and_given_no_time(controller: Controller, code: str) -> None:
    assert notice(controller, code, TEXT, 180).outcomes == ()
    _, found = begun(controller, code=code)
    assert {told(controller, each) for each in found.values()} == {1}
    assert {clock_of(controller, each).credited for each in found.values()} == {0 * SECOND}


def test_only_those_at_a_lab_are_told(controller: Controller) -> None:
    code = planned(controller, labs=("moves", "notes"))
    with pytest.raises(UnknownName, match="No lab of this sitting is called `note`"):
        notice(controller, code, TEXT, lab="note")
    begin(controller, code, ["C1", "C2"])
    acted = notice(controller, code, TEXT, 60, "moves")
    assert [each.candidate for each in acted.outcomes] == ["C1"]
    (late,) = begin(controller, code, ["C3"]).started
    assert told(controller, late.session or "") == 1


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_cut_off_and_typed_again_nobody_is_credited_twice(
    controller: Controller, writes: int
) -> None:
    code, found = begun(controller)
    with pytest.raises(Killed), dying_after(writes):
        notice(controller, code, TEXT, 180)
    with Controller(controller.home, controller.library_paths, now=controller.now) as other:
        notice(other, code, TEXT, 180)
        assert {clock_of(other, each).credited for each in found.values()} == {180 * SECOND}
        assert {told(other, each) for each in found.values()} == {1}
        assert kinds(other, code).count("notice.intended") == 1
        # The same once more is another notice.
        notice(other, code, TEXT, 180)
        assert {clock_of(other, each).credited for each in found.values()} == {360 * SECOND}


def test_typed_again_after_it_failed_in_one_session_it_reaches_that_one_alone(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, found = begun(controller)
    with controller.store.lock(found["C3"]):
        monkeypatch.setattr(incidents, "LOCK_SECONDS", 0.0)
        first = notice(controller, code, TEXT, 180)
    assert [bool(each.problem) for each in first.outcomes] == [False, False, True]
    again = notice(controller, code, TEXT, 180)
    assert [each.note for each in again.outcomes] == ["told before", "told before", ""]
    assert {clock_of(controller, each).credited for each in found.values()} == {180 * SECOND}
    assert {told(controller, each) for each in found.values()} == {1}
    notice(controller, code, TEXT, 180)
    assert {clock_of(controller, each).credited for each in found.values()} == {360 * SECOND}


def test_an_alarm_need_not_wait_until_everybody_is_told(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _ = begun(controller)
    held = []

    def tell(*arguments: Any) -> Any:
        with controller.store.lock(code, wait=60):
            held.append(code)
        return incidents.notice(*arguments)

    monkeypatch.setattr(notices, "tell_session", tell)
    assert not any(each.problem for each in notice(controller, code, TEXT).outcomes)
    assert len(held) == 3


def test_what_makes_no_sense_is_refused(controller: Controller, code: str) -> None:
    with pytest.raises(UsageError, match="notice is empty"):
        notice(controller, code, " ")
    with pytest.raises(UsageError, match="A credit adds time"):
        notice(controller, code, TEXT, -60)
    assert kinds(controller, code) == ["sitting.planned"]


def test_a_notice_to_one_session_gives_time_where_the_clock_has_begun(
    controller: Controller, now: HandMoved
) -> None:
    _, found = begun(controller, "C1")
    now.pass_by(60)
    incidents.notice(controller, found["C1"], TEXT, 120)
    incidents.notice(controller, found["C1"], TEXT)
    clock = clock_of(controller, found["C1"])
    assert (clock.credited, clock.worked) == (120 * SECOND, 60 * SECOND)
    (first, _) = incidents.incidents(controller.store.events(found["C1"]))
    assert first.what.endswith("(2 min given back)")
    with pytest.raises(UsageError, match="A credit adds time"):
        incidents.notice(controller, found["C1"], TEXT, -1)
    submit(controller, found["C1"])
    with pytest.raises(UsageError, match="nobody works"):
        incidents.notice(controller, found["C1"], TEXT, 60)
