"""Void sessions, notes, suspicions, notices and help, over a server of paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from labctl import evidence
from labctl.centre.account import Account
from labctl.errors import LabctlError, ProviderError, UnknownName, UsageError
from labctl.marking import Outcome
from labctl.providers import PROVIDERS
from labctl.sessions import entering, incidents, record
from labctl.sessions.checking import check
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.controller import Controller
from labctl.sessions.recovery import recover
from labctl.sessions.remarking import remark
from labctl.sessions.resetting import reset
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.sessions.suspending import suspend
from labctl.sessions.task_sheet import task_sheet
from labctl.sessions.views import SessionDetail, session_detail, session_views
from labctl.sessions.voiding import void
from labctl.store import NewSession, Person
from labctl.verification import apply_case
from tests.fakes.command import LIBRARY, Command
from tests.fakes.provider import FakeServer

TESTER = Account("tester", 4711)


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [LIBRARY]) as opened:
        opened.__dict__["account"] = TESTER
        yield opened


@pytest.fixture
def server(controller: Controller) -> FakeServer:
    return FakeServer(controller.home)


@pytest.fixture
def code(controller: Controller) -> str:
    (one,) = start(controller, StartRequest("moves", ("amy",), seed=7))
    assert one.session is not None
    return one.session


def solved(controller: Controller, code: str) -> None:
    cases = record.load(controller.store, code).plan.cases
    apply_case(controller, code, next(each for each in cases if each.name == "solution"))


def state(controller: Controller, code: str) -> str:
    return controller.store.session(code).state


def detail(controller: Controller, code: str) -> SessionDetail:
    return session_detail(controller, code, hosts=False)


# ------------------------------------------------------------------ void


def test_a_void_session_keeps_its_record_and_loses_its_hosts(
    controller: Controller, server: FakeServer, code: str
) -> None:
    solved(controller, code)
    check(controller, code)
    void(controller, code, "the wrong lab")
    assert state(controller, code) == "void"
    assert server.sessions() == []
    assert controller.store.audit(code) == ()
    (view,) = session_views(controller.store)
    assert view.run is not None
    assert (view.state, view.run.outcome) == ("void", "void")
    (said,) = detail(controller, code).incidents
    assert said.what == "void, and no attempt is used: the wrong lab"


def test_nothing_in_a_void_session_is_graded(controller: Controller, code: str) -> None:
    solved(controller, code)
    submit(controller, code)
    void(controller, code, "the wrong person")
    for act in (submit, check, remark):
        with pytest.raises(UsageError, match="void"):
            act(controller, code)
    with pytest.raises(UsageError, match="void"):
        suspend(controller, code, "files/a", "it is wrong")
    with pytest.raises(UsageError, match="nobody works"):
        incidents.notice(controller, code, "Read task 2 again.")
    assert "achieved" not in str(detail(controller, code).runs)
    report = evidence.evidence_files(controller, code)["report.md"].decode()
    assert "**void**" in report
    assert "**achieved**" not in report


def test_a_session_without_hosts_is_void_without_its_server(
    controller: Controller, server: FakeServer, code: str
) -> None:
    submit(controller, code)
    stop(controller, code)
    server.fault("any", "Docker is not there.")
    void(controller, code, "a fault of the machinery")
    assert state(controller, code) == "void"
    stop(controller, code)
    assert state(controller, code) == "void"


def test_what_is_void_or_never_began_is_not_made_void(controller: Controller, code: str) -> None:
    void(controller, code, "the wrong lab")
    with pytest.raises(UsageError, match="void already"):
        void(controller, code, "the wrong lab")
    made = controller.store.session(code)
    bare = NewSession("amy", "moves", made.lab_digest, 7, "assessment", made.plan)
    never = controller.store.create_session(bare, "tester").code
    with pytest.raises(UsageError, match="nobody was let in"):
        void(controller, never, "the wrong lab")
    with pytest.raises(UnknownName):
        void(controller, "zzzzz9", "the wrong lab")
    with pytest.raises(UsageError, match="reason is empty"):
        void(controller, code, "  ")


def test_a_void_that_was_cut_off_is_finished(
    controller: Controller, server: FakeServer, code: str
) -> None:
    controller.store.intend(code, "void", {"why": "the wrong lab"}, "tester")
    (found,) = recover(controller)
    assert (found.verb, found.what) == ("void", "void")
    assert (state(controller, code), server.sessions()) == ("void", [])
    assert controller.store.events(code)[-1].data["why"] == "the wrong lab"
    assert controller.store.open_intentions() == ()


def test_a_void_goes_on_where_hosts_could_not_be_removed_and_beats_a_stop(
    controller: Controller, server: FakeServer, code: str
) -> None:
    server.fault("down", "The server is busy.")
    with pytest.raises(ProviderError):
        stop(controller, code)
    with pytest.raises(ProviderError):
        void(controller, code, "the wrong lab")
    assert state(controller, code) == "running"
    server.fault("down", None)
    (found,) = recover(controller)
    assert found.verb == "void"
    assert state(controller, code) == "void"
    assert controller.store.open_intentions() == ()
    assert controller.store.audit(code) == ()


def test_a_hand_in_that_was_cut_off_ends_with_a_void(
    controller: Controller, server: FakeServer, code: str
) -> None:
    controller.store.intend(code, "submit", {}, "tester", state="submitting")
    void(controller, code, "the wrong person")
    kinds = [event.kind for event in controller.store.events(code)]
    assert kinds[-2:] == ["submit.undone", "void.done"]
    assert collect_garbage(controller).recovered == ()


# ------------------------------------------------------------------ notes and suspicions


def test_a_note_marks_the_moment_and_changes_nothing(controller: Controller, code: str) -> None:
    event = incidents.note(controller, code, "note", " The fire door stood open. ")
    assert event.data == {"text": "The fire door stood open."}
    assert state(controller, code) == "running"
    (said,) = detail(controller, code).incidents
    assert (said.actor, said.what) == ("tester", "note: The fire door stood open.")
    assert detail(controller, code).assistance == ()


def test_a_suspicion_holds_the_result_and_stops_nothing(controller: Controller, code: str) -> None:
    incidents.note(controller, code, "malpractice", "A phone under the desk.")
    solved(controller, code)
    assert submit(controller, code).outcome is Outcome.ACHIEVED
    (view,) = session_views(controller.store)
    assert view.held
    assert view.run is not None
    assert (view.run.outcome, view.run.marks) == ("held", 3)
    assert "achieved" not in str(detail(controller, code))
    report = evidence.evidence_files(controller, code)["report.md"].decode()
    assert "| Recommended outcome | **held** (held back" in report
    assert "## Criteria" not in report
    assert detail(controller, code).criteria == {}
    assert "A phone under the desk" in report
    assert controller.store.audit(code) == ()


def test_a_result_is_released_with_a_reason_and_may_be_held_again(
    controller: Controller, code: str
) -> None:
    submit(controller, code)
    with pytest.raises(UsageError, match="is not held"):
        incidents.lift(controller, code, "a slip")
    incidents.note(controller, code, "malpractice", "A phone under the desk.")
    with pytest.raises(UsageError, match="empty"):
        incidents.lift(controller, code, "")
    incidents.lift(controller, code, "It was the neighbour's.")
    (view,) = session_views(controller.store)
    assert view.run is not None
    assert (view.held, view.run.outcome) == (False, "not-yet-achieved")
    incidents.note(controller, code, "malpractice", "It rang again.")
    assert controller.store.session(code).held
    assert controller.store.audit(code) == ()


def test_a_hold_that_is_taken_off_in_the_database_is_found(
    controller: Controller, code: str
) -> None:
    incidents.note(controller, code, "malpractice", "A phone under the desk.")
    with controller.store._database.writing() as connection:
        connection.execute(text("UPDATE sessions SET held = 0"))
    (problem,) = controller.store.audit(code)
    assert "says held False, its log True" in problem.what


@pytest.mark.parametrize(
    "said, told",
    [
        ("", "text is empty"),
        ("x" * 2001, "2001 letters long"),
        ("AMY  jones spoke to her neighbour", "names the person behind `amy`"),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    controller: Controller, code: str, said: str, told: str
) -> None:
    people = (Person("amy", "Amy Jones"), Person("bilal", " "))
    controller.store.record("roster.imported", {}, "ada", people=people)
    before = controller.store.events(code)
    with pytest.raises(UsageError, match=told):
        incidents.note(controller, code, "note", said)
    assert controller.store.events(code) == before
    incidents.note(controller, code, "note", "amy spoke to Amy Joneson")


# ------------------------------------------------------------------ notices


def test_a_notice_stands_on_the_task_sheet(controller: Controller, code: str) -> None:
    incidents.notice(controller, code, "In task 1,\n# read `/srv/b` for `/srv/d`.")
    sheet = task_sheet(record.load(controller.store, code))
    assert sheet.index("## Notices") < sheet.index("## Your network")
    assert "** In task 1, # read `/srv/b` for `/srv/d`.\n" in sheet
    submit(controller, code)
    with pytest.raises(UsageError, match="is submitted: nobody works in it"):
        incidents.notice(controller, code, "Too late.")


# ------------------------------------------------------------------ help


def test_every_reach_into_the_work_is_an_assistance(controller: Controller, code: str) -> None:
    entering.console(controller, code, "desk")
    controller.__dict__["account"] = Account("amy", 4712)
    entering.console(controller, code, "desk")
    controller.__dict__["account"] = TESTER
    entering.put(controller, code, "desk", "/srv/x", b"hello")
    incidents.note(controller, code, "assistance", "I said where the manual is.")
    reset(controller, code, "desk", "it did not boot")
    found = detail(controller, code).assistance
    assert [each.what for each in found] == [
        "a console on desk was opened",
        "`/srv/x` was put on desk (5 bytes)",
        "help was given: I said where the manual is.",
        "desk was made anew: it did not boot",
    ]
    assert {each.actor for each in found} == {"tester"}
    report = evidence.evidence_files(controller, code)["report.md"].decode()
    assert "## Assistance" in report
    assert "desk was made anew: it did not boot" in report


def test_a_reset_that_came_to_nothing_was_no_help(
    controller: Controller, server: FakeServer, code: str
) -> None:
    server.fault("snapshot", "The disk is full.")
    with pytest.raises(LabctlError):
        reset(controller, code, "desk", "it did not boot")
    assert detail(controller, code).assistance == ()


def test_a_void_that_failed_is_finished_by_a_stop(
    controller: Controller, server: FakeServer, code: str
) -> None:
    server.fault("down", "Docker is gone.")
    with pytest.raises(LabctlError):
        void(controller, code, "the wrong lab")
    server.fault("down", None)
    stop(controller, code)
    assert state(controller, code) == "void"


def test_a_name_of_one_word_is_a_word(controller: Controller, code: str) -> None:
    people = (Person("c7", "Will", {}),)
    controller.store.record("roster.imported", {}, "ada", people=people)
    incidents.note(controller, code, "note", "fire alarm, we will go on at ten")


# ------------------------------------------------------------------ the commands


def test_void_says_what_became_of_each(labctl: Command) -> None:
    amy, bilal = labctl.start("amy", "bilal")
    said = labctl("void", amy, bilal, "--reason", "the wrong lab")
    assert said.err.count("is void; its record stays") == 2
    assert labctl.server.sessions() == []
    assert amy not in labctl("sessions").out
    listed = labctl("sessions", "--all")
    assert listed.out.count("∅ void") == 2
    assert {each["code"] for each in labctl("sessions", "--state", "void", "--json").json} == {
        amy,
        bilal,
    }
    shown = labctl("show", amy).out
    assert "∅ void" in shown
    assert "Nothing was graded, and nothing will be." in shown
    again = labctl("void", amy, "--reason", "the wrong lab", "--json", code=2)
    assert again.json == [{"code": amy, "void": False}]
    assert "is void already" in again.err
    assert "is void" in labctl("submit", amy, code=2).err


def test_a_held_result_is_nowhere_recommended(labctl: Command) -> None:
    code = labctl.start("amy")
    said = labctl("note", code, "--kind", "malpractice", "--text", "A phone under the desk.")
    assert "its result is held" in said.err
    assert "‖ held" in labctl("sessions").out
    for told in (labctl("submit", code), labctl("show", code, "--log"), labctl("remark", code)):
        assert "held" in told.out
        assert "achieved" not in told.out + told.err
    both = labctl("submit", code, labctl.start("bilal"))
    assert both.out.count("held") == 2
    for told in (labctl("submit", code, "--json"), labctl("remark", code, "--json")):
        assert '"held"' in told.out
        assert "achieved" not in told.out
        assert '"criteria": {}' in told.out
    assert "achieved" not in labctl("show", code, "--json").out
    assert "Criteria" not in labctl("show", code).out
    assert "achieved" not in labctl("sessions", "--json", "--candidate", "amy").out
    labctl("note", code, "--lift", "--reason", "It was the neighbour's.")
    assert "not yet achieved" in labctl("show", code).out
    assert "Criteria: 1.1 not met" in labctl("show", code).out


def test_a_look_does_not_tell_what_is_held(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl("note", code, "--kind", "malpractice", "--text", "A phone under the desk.")
    assert labctl("check", code, "--json").json["outcome"] == "held"


@pytest.mark.parametrize(
    "arguments, told",
    [
        ([], "Say what happened"),
        (["--text", "x", "--reason", "y"], "`--reason` is for `--lift`"),
        (["--lift"], "goes with `--reason`"),
        (["--lift", "--reason", "y", "--text", "x"], "with nothing else"),
        (["--lift", "--reason", "y"], "is not held"),
    ],
)
def test_note_refuses_what_makes_no_sense(labctl: Command, arguments: list[str], told: str) -> None:
    code = labctl.start("amy")
    assert told in " ".join(labctl("note", code, *arguments, code=2).err.split())


def test_a_note_and_a_notice_are_shown(labctl: Command) -> None:
    amy, bilal = labctl.start("amy", "bilal")
    labctl("note", amy, "--text", "The lights went out.")
    labctl("note", amy, "--kind", "assistance", "--text", "I read the task aloud.")
    said = labctl("notice", amy, bilal, "--text", "Task 1: write to /srv.")
    assert said.err.count("has it on the task sheet.") == 2
    assert "Task 1: write to /srv." in labctl("tasks", bilal).out
    shown = labctl("show", amy).out
    assert shown.index("Assistance") < shown.index("help was given") < shown.index("Incidents")
    assert "note: The lights went out." in shown
    labctl("void", bilal, "--reason", "the wrong person")
    said = labctl("notice", amy, bilal, "--text", "Go on.", code=2)
    assert f"{bilal}: Session `{bilal}` is void" in " ".join(said.err.split())
    assert "Go on." in labctl("tasks", amy).out
    assert "No session is called" in labctl("notice", "zzzzz9", "--text", "Go on.", code=2).err
