"""Which capture and which declaration belong to a hand-in, who sees them, and what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.centre import staff
from labctl.centre.account import Account
from labctl.centre.roles import Role
from labctl.declaration import declaration
from labctl.errors import NotPermitted, UsageError
from labctl.evidence import evidence_files
from labctl.providers import PROVIDERS
from labctl.sessions import capturing
from labctl.sessions.capturing import FAILED, TAKEN, captured, kept
from labctl.sessions.controller import Controller
from labctl.sessions.declaring import declare
from labctl.sessions.grading import Grading
from labctl.sessions.reopening import reopen
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.submission import submit
from labctl.sessions.views import session_detail
from tests.fakes.command import Command
from tests.fakes.provider import FakeServer
from tests.paperwork import LAB, library_with_paperwork


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [library_with_paperwork(tmp_path)]) as opened:
        yield opened


@pytest.fixture
def code(controller: Controller) -> str:
    (one,) = start(controller, StartRequest(LAB, ("amy",), seed=7))
    assert one.session is not None
    FakeServer(controller.home).write(one.session, "desk", "/srv/reasons.md", "the first\n")
    return one.session


def test_a_capture_from_before_the_hand_in_was_opened_again_is_not_that_of_the_next(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(controller, code)
    reopen(controller, code, "the wrong button")
    assert kept(controller.store, code) is not None, "the first hand-in still counts"
    FakeServer(controller.home).write(code, "desk", "/srv/reasons.md", "the second\n")
    with monkeypatch.context() as patch:
        patch.setattr(Grading, "standing_still", lambda *_: 1 / 0)
        submit(controller, code)
    assert kept(controller.store, code) is None
    with pytest.raises(UsageError, match="it failed"):
        captured(controller, code)
    files = evidence_files(controller, code)
    assert not [name for name in files if name.startswith(("capture-", "judged-"))]
    assert b"judged-write" not in files["report.md"]
    (failed,) = session_detail(controller, code).incidents
    assert failed.kind == FAILED

    submit(controller, code)  # the hosts are kept, and so it can still be had
    assert evidence_files(controller, code)["judged-write.reasons.txt"] == b"the second\n"


def test_one_that_failed_at_a_second_look_at_the_same_work_leaves_the_first(
    controller: Controller, code: str
) -> None:
    submit(controller, code)
    controller.store.append(code, FAILED, {"why": "so"}, "tester")
    assert kept(controller.store, code) is not None


def test_a_declaration_is_about_the_work_that_it_came_with(
    controller: Controller, code: str
) -> None:
    submit(controller, code, declared=declaration())
    submit(controller, code)
    assert evidence_files(controller, code)["declaration.txt"] == declaration().encode()
    reopen(controller, code, "the wrong button")
    assert evidence_files(controller, code)["declaration.txt"] == declaration().encode()
    submit(controller, code)
    assert "declaration.txt" not in evidence_files(controller, code)
    submit(controller, code, declared=declaration())
    assert evidence_files(controller, code)["declaration.txt"] == declaration().encode()


def test_only_the_declaration_itself_can_be_confirmed(controller: Controller, code: str) -> None:
    with pytest.raises(UsageError, match="not the declaration that this labctl has"):
        submit(controller, code, declared="somebody else's work")
    assert controller.store.session(code).state == "running"
    submit(controller, code)
    with pytest.raises(UsageError, match="not the declaration that this labctl has"):
        declare(controller, code, "somebody else's work")


def test_a_capture_leaves_room_for_the_grading(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capturing, "ROOM", 1 << 80)
    submit(controller, code)
    events = controller.store.events(code)
    (failed,) = [each for each in events if each.kind == FAILED]
    assert failed.data["why"].startswith("less than ")
    assert failed.data["why"].endswith(" MiB of the disk is free")
    assert TAKEN not in {each.kind for each in events}
    assert len(controller.store.runs(code)) == 1


def test_a_capture_is_shown_to_those_who_may_see_evidence(
    controller: Controller, code: str
) -> None:
    submit(controller, code)
    controller.__dict__["account"] = Account("root", 0)
    staff.add(controller, "root", "Carol Smith", [Role.TECHNICIAN])
    with pytest.raises(NotPermitted, match="write evidence"):
        captured(controller, code)
    staff.change(controller, "root", more=[Role.VERIFIER], fewer=[])
    assert captured(controller, code).hosts


def test_opening_again_is_reported_with_its_reason(controller: Controller, code: str) -> None:
    intent = controller.store.intend(code, "reopen", {}, "tester")
    controller.store.complete(intent, {"why": "the *wrong* button"})
    report = evidence_files(controller, code)["report.md"].decode()
    (line,) = [each for each in report.splitlines() if each.startswith("- opened again: ")]
    assert line.endswith(r": the \*wrong\* button")


# --------------------------------------------------------------------------- the command


def test_a_declaration_with_a_hand_in_that_had_been_cut_off_is_recorded(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl.server.fault("running", "The engine hangs.")
    labctl("submit", code, code=4)
    labctl.server.fault("running", None)
    said = labctl("submit", code, "--declared")
    assert "its submit had been cut off" in said.err
    kinds = [each["kind"] for each in labctl("show", code, "--json").json["timeline"]]
    assert kinds.count("submit.done") == 1
    assert kinds[-1] == "declaration.confirmed"
    labctl("evidence", code, "--output", "folder")
    folder = labctl.home.parent / "folder"
    assert "my own work" in (folder / "declaration.txt").read_text()


def test_nothing_is_declared_of_work_that_is_not_handed_in(
    controller: Controller, code: str
) -> None:
    with pytest.raises(UsageError, match="is running, not submitted"):
        declare(controller, code, declaration())


def test_show_refuses_the_capture_to_a_technician(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl("submit", code)
    labctl("staff", "add", "daemon", "--name", "Amy Jones", "--role", "technician")
    labctl.account = Account("root", 0)
    said = labctl("capture", code, code=2)
    assert "may not write evidence" in " ".join(said.err.split())
