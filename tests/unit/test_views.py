"""What is shown of sessions, made from records that were written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from checkers.engine import CheckResult
from checkers.model import (
    Blame,
    File,
    FileResult,
    Observation,
    Phase,
    Status,
    Vantage,
    Verdict,
)
from labctl.errors import LabctlError, UsageError
from labctl.marking import mark
from labctl.plan import (
    Access,
    CheckPlan,
    HostPlan,
    JudgedPlan,
    LoginPlan,
    Plan,
    PortPlan,
    TaskPlan,
)
from labctl.sessions import record
from labctl.sessions.clock import ALLOWANCE, ARRANGED
from labctl.sessions.controller import Controller, Interrupted
from labctl.sessions.record import Session, State
from labctl.sessions.results import record_run, recorded
from labctl.sessions.side_by_side import side_by_side
from labctl.sessions.suspending import SUSPENDED
from labctl.sessions.task_sheet import task_sheet
from labctl.sessions.timeline import WORDS, event_views
from labctl.sessions.views import half_done, session_detail, session_views
from labctl.store import Event, NewSession, SessionFilter

CHECKS = (
    CheckPlan("one", "The first", "file", {"path": "/a"}, "desk", marks=2, feedback="Look."),
    CheckPlan("two", "The second", "file", {"path": "/b"}, "desk", visible="assessor"),
)
JUDGED = JudgedPlan("style", "Style", 3, 2, {"0": "none", "3": "good"})
QUESTION = {"id": "q", "text": "Why?", "options": ["so", "thus"]}
PLAN = Plan(
    lab="notes",
    title="Notes",
    summary="A summary.",
    area="linux",
    level=2,
    seed=7,
    provider="docker",
    duration=1801,
    pass_mark="all",
    lab_digest="0" * 64,
    values={"word": "plum"},
    variables={},
    networks=(),
    hosts=(
        HostPlan(
            "desk",
            "host",
            Access.USER,
            (PortPlan("lan", "eth0", "02:00:00:00:00:01"),),
            login=LoginPlan("amy", sudo=True),
        ),
        HostPlan("shelf", "host", Access.NONE),
    ),
    tasks=(
        TaskPlan("t", "Task", "Do *it*.", ("1.1",), ("A hint.",), CHECKS, (JUDGED,), (QUESTION,)),
        TaskPlan("u", "Other", "Read."),
    ),
)


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    with Controller(tmp_path / "home") as opened:
        yield opened


def session_of(controller: Controller, plan: Plan = PLAN, **more: Any) -> Session:
    store = controller.store
    new = NewSession(
        "c1",
        plan.lab,
        plan.lab_digest,
        plan.seed,
        "assessment",
        record.store_plan(store, plan),
        **more,
    )
    return record.load(store, store.create_session(new, "tester").code)


def ran(status: Status, *, seen: bool = True) -> CheckResult:
    probe = File("desk", b"/a")
    result = Observation(probe, Vantage.BESIDE, 1.0, FileResult("file"))
    verdict = Verdict(
        status, "this", "that", Blame.HOST if status is Status.ERROR else None, ("f",)
    )
    return CheckResult("one", verdict, Phase.STATE, (result,) if seen else (), 0.5)


def graded(
    controller: Controller, session: Session, status: Status, reason: Any = "submit", **extra: Any
) -> None:
    results = {"one": ran(status), "two": replace(ran(Status.PASSED), id="two")}
    marking = mark(session.plan, {name: each.verdict for name, each in results.items()})
    record_run(controller, session, reason, results, marking, extra=extra)


def test_a_list_takes_two_queries_whatever_its_length(controller: Controller) -> None:
    first = session_of(controller)
    second = session_of(controller)
    graded(controller, first, Status.PASSED, "check")
    graded(controller, first, Status.FAILED)
    views = {view.code: view for view in session_views(controller.store)}
    assert views.keys() == {first.code, second.code}
    run = views[first.code].run
    assert run is not None
    assert (run.number, run.reason, run.outcome) == (2, "submit", "not-yet-achieved")
    assert run.counts
    assert views[second.code].run is None
    assert views[second.code].attempt == 2
    assert session_views(controller.store, SessionFilter(candidate="nobody")) == ()
    json.dumps([asdict(view) for view in views.values()])


def test_the_detail_of_a_session_that_was_never_run(controller: Controller) -> None:
    detail = session_detail(controller, session_of(controller).code)
    assert [task.id for task in detail.tasks] == ["t", "u"]
    assert {check.status for check in detail.tasks[0].checks} == {"not-run"}
    assert detail.tasks[0].available == 6
    assert detail.tasks[0].open == 3
    assert {host.state for host in detail.hosts} == {"none"}
    assert detail.hosts[0].login == "amy"
    assert detail.hosts[0].addresses == {"eth0": "02:00:00:00:00:01"}
    assert detail.runs == ()
    json.dumps(asdict(detail))


def test_the_detail_carries_verdicts_vantages_and_feedback(controller: Controller) -> None:
    session = session_of(controller)
    graded(controller, session, Status.FAILED, state_moved=["one"])
    detail = session_detail(controller, session.code)
    first, second = detail.tasks[0].checks
    assert (first.status, first.marks, first.expected, first.found) == ("failed", 0, "this", "that")
    assert first.feedback == "Look."
    assert first.vantages == ("beside",)
    assert first.seconds == 0.5
    assert first.flags == ("f",)
    assert second.feedback == ""
    assert not second.visible
    assert detail.tasks[0].judged[0].marks is None
    assert detail.criteria == {"1.1": "not met"}
    assert "had moved" in detail.notes[0]
    assert detail.head == controller.store.session(session.code).head


def test_a_run_by_another_scheme_shows_that_schemes_checks(controller: Controller) -> None:
    session = session_of(controller)
    other = CheckPlan("three", "The third", "file", {"path": "/c"}, "desk")
    plan = replace(PLAN, tasks=(TaskPlan("v", "New", "", checks=(other,)),))
    results = {"three": replace(ran(Status.PASSED), id="three")}
    marking = mark(plan, {"three": results["three"].verdict})
    record_run(controller, replace(session, plan=plan), "remark", results, marking)
    (task,) = session_detail(controller, session.code).tasks
    assert (task.id, task.title, task.checks[0].title) == ("v", "New", "three")
    assert task.checks[0].visible
    assert task.judged == ()


def test_what_is_half_done_is_told(controller: Controller) -> None:
    session = session_of(controller)
    controller.store.intend(session.code, "stop", {}, "tester")
    (half,) = half_done(controller.store)
    assert (half.verb, half.actor) == ("stop", "tester")
    assert session_detail(controller, session.code).half_done == (half,)


def test_a_marking_is_read_back_as_it_was(controller: Controller) -> None:
    session = session_of(controller)
    with pytest.raises(UsageError, match="Nothing was handed in"):
        recorded(controller, session.code)
    results = {"one": ran(Status.FAILED), "two": replace(ran(Status.ERROR), id="two")}
    marking = mark(session.plan, {name: each.verdict for name, each in results.items()})
    record_run(controller, session, "submit", results, marking)
    graded(controller, session, Status.PASSED, "remark")
    about = {"task": "t", "check": "one", "why": "it is wrong"}
    controller.store.append(session.code, SUSPENDED, about, "tester")
    assert recorded(controller, session.code) == marking


def begun(controller: Controller, session: Session) -> Session:
    """The session once its clock runs."""
    data = {ALLOWANCE: session.plan.duration}
    deadline = session.timing.deadline_after("begun", data, State.RUNNING)
    controller.store.append(
        session.code, "begun", data, "tester", state=State.RUNNING, deadline=deadline
    )
    return record.load(controller.store, session.code)


def test_the_task_sheet_of_a_session_with_more_time_that_is_paused(controller: Controller) -> None:
    made = session_of(controller)
    controller.store.append(made.code, ARRANGED, {"percent": 25, "why": "so"}, "tester")
    session = begun(controller, made)
    assert "assessment, 38 minutes.\nTime is up at" in task_sheet(session)
    controller.store.append(made.code, "stopped", {}, "tester", state=State.PAUSED)
    paused = record.load(controller.store, made.code)
    assert "It is paused: the clock stands, and 37 minutes are left." in task_sheet(paused)
    assert "Time is up" not in task_sheet(paused)


def test_the_task_sheet(controller: Controller) -> None:
    session = begun(controller, session_of(controller))
    sheet = task_sheet(session)
    assert sheet.startswith("# Notes\n\nA summary.\n")
    assert "assessment, 31 minutes." in sheet
    assert "Time is up at " in sheet
    assert "You are `amy` with sudo" in sheet
    assert "- **shelf**. You cannot log in to it." in sheet
    assert "## 1. Task (6 marks)" in sheet
    assert "## 2. Other\n" in sheet
    assert "- Why?\n    - so\n" in sheet
    assert "also looks at this: Style." in sheet
    assert "A hint." not in sheet
    practice = replace(session, record=replace(session.record, mode="practice", deadline=None))
    assert "- A hint." in task_sheet(practice)
    assert "Time is up" not in task_sheet(practice)


def test_every_event_has_words() -> None:
    def event(kind: str, **data: Any) -> Event:
        return Event("abcdef", 1, "t", kind, data, "tester", "", "")

    told = {kind: event_views([event(kind)])[0].what for kind in WORDS}
    assert all(told.values())
    assert event_views([event("something.new")])[0].what == "something.new"
    run = event("run.recorded", run=2, reason="check", summary={"marks": 1.5, "available": 4})
    assert event_views([run])[0].what == "run 2 (check): 1.5 of 4 marks, None"
    assert event_views([event("hosts.stopped", hosts=["a", "b"])])[0].what.endswith("a, b")
    assert event_views([event("session.created", session={"seed": 7})])[0].what.endswith("7")


def test_states_of_the_record_and_the_screen_agree() -> None:
    from labctl.cli.looking import STATES
    from labctl.cli.words import SIGNS

    assert set(STATES) == {str(state) for state in State}
    assert set(STATES) <= SIGNS.keys()
    assert {str(status) for status in Status} <= SIGNS.keys()


# --------------------------------------------------------------------------- side by side


def test_one_that_fails_costs_no_other(controller: Controller) -> None:
    def act(name: str) -> int:
        if name == "b":
            raise LabctlError("no")
        return len(name)

    seen: list[str] = []
    outcomes = side_by_side(controller, ["aa", "b", "c"], act, lambda each: seen.append(each.name))
    assert [each.value for each in outcomes] == [2, None, 1]
    assert str(outcomes[1].error) == "no"
    assert sorted(seen) == ["aa", "b", "c"]


def test_a_fault_of_our_own_in_one_ends_no_other(controller: Controller) -> None:
    def act(name: str) -> int:
        return {"a": 1, "c": 3}[name]

    outcomes = side_by_side(controller, ["a", "b", "c"], act)
    assert [each.value for each in outcomes] == [1, None, 3]
    error = outcomes[1].error
    assert error is not None
    assert "KeyError: 'b' (test_views.py, line " in error.message
    assert error.exit_code == 70


def test_an_interruption_is_raised_and_ends_the_others(controller: Controller) -> None:
    def act(name: str) -> None:
        raise KeyboardInterrupt(name)

    with pytest.raises(KeyboardInterrupt):
        side_by_side(controller, ["a", "b", "c", "d", "e"], act)
    with pytest.raises(Interrupted):
        controller.go_on()


def test_a_throw_away_controller_shares_all_but_the_store(
    controller: Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABCTL_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    session = session_of(controller)
    other = controller.throw_away(tmp_path / "scratch")
    try:
        assert other.library is controller.library
        assert other.provider("docker") is controller.provider("docker")
        assert other.store.sessions() == ()
        assert controller.store.session(session.code).code == session.code
        controller.interrupt()
        with pytest.raises(Interrupted):
            other.go_on()
    finally:
        other.close()
