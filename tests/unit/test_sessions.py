"""The use-cases of a session, over a server of paper: recorded, undone, finished, refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checkers.engine import CheckResult
from checkers.model import Status, Verdict
from labctl.errors import LabctlError, ProviderError, UnknownName, UsageError
from labctl.marking import Outcome
from labctl.providers import PROVIDERS, open_provider
from labctl.sessions import entering, record, remarking
from labctl.sessions.accounts import login_script
from labctl.sessions.checking import check
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.controller import Controller
from labctl.sessions.entering import ensure_running
from labctl.sessions.hands import hands
from labctl.sessions.recovery import recover
from labctl.sessions.remarking import remark
from labctl.sessions.resetting import reset
from labctl.sessions.results import marking_of
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.store import Busy, NewSession
from labctl.transcript import unpack
from labctl.verification import apply_case
from tests.fakes.command import LIBRARY
from tests.fakes.provider import FakeServer


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [LIBRARY]) as opened:
        yield opened


@pytest.fixture
def server(controller: Controller) -> FakeServer:
    return FakeServer(controller.home)


def started(controller: Controller, lab: str = "moves") -> str:
    (one,) = start(controller, StartRequest(lab, ("amy",), seed=7))
    assert one.session is not None
    return one.session


def work(controller: Controller, code: str, case: str) -> None:
    plan = record.load(controller.store, code).plan
    apply_case(controller, code, next(each for each in plan.cases if each.name == case))


def kinds(controller: Controller, code: str) -> list[str]:
    return [event.kind for event in controller.store.events(code)]


def test_every_phase_is_graded_and_recorded(controller: Controller) -> None:
    code = started(controller)
    work(controller, code, "solution")
    marking = submit(controller, code)
    assert marking.outcome is Outcome.ACHIEVED
    phases = [
        each.data["phase"] for each in controller.store.events(code) if each.kind == "submit.phase"
    ]
    assert phases == ["state", "behaviour"]
    assert controller.store.audit(code) == ()


def test_a_state_that_moves_meanwhile_is_flagged_and_marked_as_first_seen(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    server.fault("moves", "/srv/a")
    assert submit(controller, code).outcome is Outcome.ACHIEVED
    assert controller.store.runs(code)[-1].summary["state_moved"] == ["a"]
    remark(controller, code)
    assert controller.store.runs(code)[-1].summary["state_moved"] == ["a"]


def test_what_ever_held_counts(controller: Controller, server: FakeServer) -> None:
    code = started(controller)
    work(controller, code, "solution")
    check(controller, code)
    with server.state() as state:
        del state["sessions"][code]["hosts"]["desk"]["files"]["/srv/c"]
    assert submit(controller, code).outcome is Outcome.ACHIEVED
    for scheme in (None, "moves"):  # the same lab once more changes nothing
        again = remark(controller, code, scheme=scheme)
        assert (again.after, again.marking.marks, again.changes) == (Outcome.ACHIEVED, 3, ())


def test_a_pass_that_cannot_be_judged_again_is_no_fail(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    check(controller, code)
    with server.state() as state:
        del state["sessions"][code]["hosts"]["desk"]["files"]["/srv/c"]
    submit(controller, code)
    lost = Verdict(Status.ERROR, found="not observed")

    def judged(stored: Mapping[str, CheckResult]) -> Mapping[str, CheckResult]:
        return {name: replace(each, verdict=lost) for name, each in stored.items()}

    last = controller.store.runs(code)[-1]
    results = unpack(controller.store.get_blob(last.transcript or ""))
    assert results["c"].verdict.status is Status.FAILED
    session = record.load(controller.store, code)
    marking = marking_of(controller, session, results, judged=judged)
    assert [each.status for each in marking.checks] == [*[Status.PASSED] * 2, Status.ERROR]


def test_nothing_is_suspended_or_marked_while_work_is_marked_again(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = started(controller)
    submit(controller, code)
    seen = []

    def held(checks: Any, *_: Any) -> Any:
        with pytest.raises(Busy), controller.store.lock(code):
            pass
        seen.append(len(controller.store.runs(code)))
        return {}

    monkeypatch.setattr(remarking, "replay", held)
    remark(controller, code)
    remarking.mark_again(controller, code)
    assert set(seen) == {1, 2}
    with controller.store.lock(code), monkeypatch.context() as patch:
        patch.setattr(remarking, "replay", lambda *_: {})
        remark(controller, code, dry_run=True)


def test_a_host_that_stopped_is_started_again_before_grading(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    server.stop_host(code, "desk")
    assert submit(controller, code).outcome is Outcome.ACHIEVED
    assert "hosts.stopped" in kinds(controller, code)


def test_what_passes_after_a_host_fell_has_passed(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    server.fell(code, "desk")
    assert submit(controller, code).outcome is Outcome.ACHIEVED
    assert "host.fell" in kinds(controller, code)


def test_what_fails_after_a_host_fell_is_never_a_fail(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "only-a")
    server.fell(code, "desk")
    once = submit(controller, code)
    for marking in (once, submit(controller, code)):  # what was lost is lost, also the next time
        assert marking.outcome is Outcome.UNDETERMINED
        assert {one.check: one.status for one in marking.checks} == {
            "a": Status.PASSED,
            "b": Status.ERROR,
            "c": Status.ERROR,
        }
    assert "desk was ended by a fault of the server" in once.checks[1].found
    again = remark(controller, code)
    assert again.after == Outcome.UNDETERMINED
    assert not [each for each in again.changes if each.after == "failed"]
    assert kinds(controller, code).count("host.fell") == 1


@pytest.mark.parametrize("begun", [True, False])
def test_an_act_that_was_cut_off_is_finished_or_had_not_begun(
    controller: Controller, begun: bool
) -> None:
    code = started(controller)
    session = record.load(controller.store, code)
    intent = controller.store.intend(code, "hands", {"act": "press"}, controller.actor)
    if begun:
        provider = controller.provider("docker")
        provider.hands(session.placed(), session.plan, "press", intent, lambda _: None)
    (found,) = recover(controller)
    assert found.what == ("done: somewhere: did press" if begun else "nothing had been done yet")
    assert kinds(controller, code)[-1] == ("hands.done" if begun else "hands.undone")
    assert controller.store.open_intentions() == ()


def test_an_act_that_the_server_fails_at_is_left_to_the_next_command(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    server.fault("hands", "libvirtd went away.")
    with pytest.raises(ProviderError):
        hands(controller, code, "press")
    assert [each.verb for each in controller.store.open_intentions(code)] == ["hands"]
    server.fault("hands", None)
    recover(controller)
    assert hands(controller, code, "press") == "somewhere: did press"


def test_a_host_that_its_owner_broke_is_failed_by_a_fresh_twin(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    server.stop_host(code, "desk")
    server.fault("dead", "desk")
    marking = submit(controller, code)
    assert marking.outcome is Outcome.NOT_YET
    assert "host.broken" in kinds(controller, code)
    assert server.sessions() == [code]


def test_a_server_that_brings_nothing_up_is_no_candidates_fault(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    server.stop_host(code, "desk")
    server.fault("dead", "desk")
    server.fault("up", "The disk is full.")
    submit(controller, code)
    assert "host.broken" not in kinds(controller, code)


def test_a_machine_that_hangs_is_switched_off_and_on_once(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    server.fault("hung", "desk")
    assert submit(controller, code).outcome is Outcome.ACHIEVED
    assert "hosts.late" in kinds(controller, code)
    assert "host.broken" not in kinds(controller, code)


def test_a_machine_that_stays_silent_is_failed_by_a_fresh_twin(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    server.fault("silent", "desk")
    assert submit(controller, code).outcome is Outcome.NOT_YET
    assert "host.broken" in kinds(controller, code)
    assert server.sessions() == [code]


def test_a_machine_that_stays_silent_like_its_twin_is_an_error(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    server.fault("silent", "desk")
    server.fault("sluggish", "")
    assert submit(controller, code).outcome is Outcome.UNDETERMINED
    assert "host.broken" not in kinds(controller, code)


def test_a_machine_that_never_ends_its_boot_is_judged_as_it_is_if_its_twin_ends_it(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    server.fault("starting", "desk")
    assert submit(controller, code).outcome is Outcome.ACHIEVED


def test_nothing_is_judged_while_no_machine_ends_its_boot(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    server.fault("starting", "desk")
    server.fault("sluggish", "")
    with pytest.raises(ProviderError, match="no fresh machine like it boots"):
        submit(controller, code)
    server.fault("starting", None)
    recover(controller)
    assert submit(controller, code).outcome is Outcome.ACHIEVED


def test_a_host_that_is_reset_is_as_at_the_start_and_what_was_on_it_is_kept(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    assert reset(controller, code, "desk", "its owner broke it") == f"{code}/desk/1"
    assert submit(controller, code).outcome is Outcome.NOT_YET
    said = [each for each in controller.store.events(code) if each.kind.startswith("reset.")]
    assert [each.kind for each in said] == ["reset.intended", "reset.kept", "reset.done"]
    assert said[0].data["why"] == "its owner broke it"
    with pytest.raises(UsageError, match="submitted"):
        reset(controller, code, "desk", "again")


def test_a_reset_that_fails_is_finished_by_the_next_command(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    server.fault("reset", "The server is busy.")
    with pytest.raises(ProviderError):
        reset(controller, code, "desk", "its owner broke it")
    (settled,) = recover(controller)
    assert (settled.verb, settled.problem) == ("reset", "The server is busy.")
    for act in (submit, ensure_running):
        with pytest.raises(UsageError, match="half made anew"):
            act(controller, code)
    server.fault("reset", None)
    (settled,) = recover(controller)
    assert settled.what == "desk is as it was at the start"
    kept = [each for each in controller.store.events(code) if each.kind == "reset.kept"]
    assert len(kept) == 1
    with pytest.raises(UnknownName):
        reset(controller, code, "desc", "a slip")


def test_a_reset_that_is_asked_for_again_goes_on_with_the_first(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    server.fault("reset", "The server is busy.")
    with pytest.raises(ProviderError):
        reset(controller, code, "desk", "its owner broke it")
    server.fault("reset", None)
    assert reset(controller, code, "desk", "again") == f"{code}/desk/1"
    assert controller.store.open_intentions(code) == ()


def test_a_host_of_which_nothing_can_be_kept_is_not_touched(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    work(controller, code, "solution")
    server.fault("snapshot", "The disk is full.")
    with pytest.raises(ProviderError, match="full"):
        reset(controller, code, "desk", "its owner broke it")
    server.fault("snapshot", None)
    server.fault("disk", "nearly full")
    with pytest.raises(ProviderError, match="no room"):
        reset(controller, code, "desk", "its owner broke it")
    assert controller.store.open_intentions(code) == ()
    assert submit(controller, code).outcome is Outcome.ACHIEVED


def test_a_submitted_session_takes_no_look_and_no_console(controller: Controller) -> None:
    code = started(controller)
    submit(controller, code)
    with pytest.raises(UsageError, match="is submitted, not running"):
        check(controller, code)
    with pytest.raises(UsageError, match="is submitted, not running"):
        entering.console(controller, code, "desk")


def test_an_interrupted_start_is_undone_and_one_never_begun_is_withdrawn(
    controller: Controller, server: FakeServer
) -> None:
    code = started(controller)
    store = controller.store
    made = store.session(code)
    bare = NewSession("bilal", "moves", made.lab_digest, 7, "assessment", made.plan)
    never = store.create_session(bare, "tester").code
    half = store.create_session(bare, "tester").code
    busy = store.create_session(bare, "tester").code
    store.intend(half, "start", {}, "tester", state="starting")
    with server.state() as state:
        state["sessions"][half] = {"hosts": {"desk": {"state": "running", "files": {}}}}
    with store.lock(busy):
        told = {each.session: each for each in recover(controller)}
    assert told[half].what == "its start was undone"
    assert told[never].what == "it was never begun"
    assert busy not in told
    assert server.sessions() == [code]
    assert recover(controller, busy)[0].session == busy


def test_work_that_somebody_is_at_is_left_to_them(controller: Controller) -> None:
    code = started(controller)
    controller.store.intend(code, "stop", {}, "tester")
    with controller.store.lock(code):
        assert recover(controller) == ()
    assert [each.what for each in recover(controller)] == ["stopped"]


def test_a_stop_ends_a_hand_in_that_was_cut_off(controller: Controller, server: FakeServer) -> None:
    code = started(controller)
    server.fault("freeze", "The engine hangs.")
    server.fault("frozen", "The engine hangs.")
    with pytest.raises(ProviderError):
        submit(controller, code)
    server.fault("down", "The engine hangs.")
    with pytest.raises(ProviderError):
        stop(controller, code)
    assert [each.verb for each in controller.store.open_intentions(code)] == ["submit", "stop"]
    for operation in ("freeze", "frozen", "down"):
        server.fault(operation, None)
    assert [each.what for each in recover(controller)] == ["stopped"]
    assert controller.store.open_intentions(code) == ()
    assert controller.store.session(code).state == "stopped"
    assert controller.store.audit(code) == ()


def test_gc_leaves_what_a_command_is_at(controller: Controller, server: FakeServer) -> None:
    code = started(controller)
    stop(controller, code)
    with server.state() as state:
        state["helper"] = True
        for name in (code, "zzzzzz", "yyyyyy"):
            state["sessions"][name] = {"hosts": {"desk": {"state": "running", "files": {}}}}
    with controller.store.lock("zzzzzz"):
        cleaned = collect_garbage(controller)
    assert {each.session for each in cleaned.removed} == {code}
    assert server.sessions() == ["yyyyyy", "zzzzzz"]
    assert {each.session for each in cleaned.kept} == {"yyyyyy", "zzzzzz", None}
    assert cleaned.unknown == ("yyyyyy",)


def test_gc_removes_what_the_record_does_not_know_if_it_is_asked_to(
    controller: Controller, server: FakeServer
) -> None:
    with controller.store.lock("zzzzzz"):
        pass  # as a trial that was killed
    with server.state() as state:
        state["helper"] = True
        for name in ("zzzzzz", "yyyyyy", "no-code"):
            state["sessions"][name] = {"hosts": {"desk": {"state": "running", "files": {}}}}
    for _ in range(2):
        cleaned = collect_garbage(controller)
        assert cleaned.unknown == ("no-code", "yyyyyy")
        assert server.sessions() == ["no-code", "yyyyyy"]
    gone = collect_garbage(controller, unknown=True)
    assert {each.session for each in gone.removed} == {"no-code", "yyyyyy", None}
    assert (gone.unknown, gone.kept) == ((), ())


def test_a_console_opens_again_after_a_reboot(controller: Controller, server: FakeServer) -> None:
    code = started(controller)
    server.fault("reboot", "yes")
    assert entering.console(controller, code, "pad") == 0
    assert kinds(controller, code).count("console.opened") == 2
    server.fault("shutdown", "yes")
    assert entering.console(controller, code, "pad") == 0
    assert kinds(controller, code).count("console.opened") == 4


def test_a_console_ends_with_its_session(controller: Controller, server: FakeServer) -> None:
    code = started(controller)
    stop(controller, code)
    with pytest.raises(UsageError, match="is stopped, not running"):
        entering.console(controller, code, "desk")
    assert server.sessions() == []


def test_frozen_hosts_can_be_let_go_on(controller: Controller, server: FakeServer) -> None:
    code = started(controller)
    provider = controller.provider("docker")
    provider.freeze_host(record.load(controller.store, code).placed(), "desk")
    entering.thaw(controller, code)
    with server.state() as state:
        assert state["sessions"][code]["hosts"]["desk"]["state"] == "running"


def test_a_file_that_cannot_be_read_says_why(controller: Controller, server: FakeServer) -> None:
    code = started(controller)
    server.fault("dial", "The observer is gone.")
    with pytest.raises(UsageError, match="could not be read: the observer cannot be reached"):
        entering.get(controller, code, "desk", "/srv/a")


def test_a_script_that_does_not_end_is_an_error(controller: Controller, server: FakeServer) -> None:
    server.fault("slow", "yes")
    (failed,) = start(controller, StartRequest("notes", ("amy",)))
    assert "did not end within" in failed.problem
    assert server.sessions() == []


def test_accounts_are_made_once_and_sudo_by_choice(controller: Controller) -> None:
    plan = record.load(controller.store, started(controller)).plan
    scripts = {host.name: login_script(host.login) for host in plan.hosts if host.login}
    assert scripts.keys() == {"desk", "pad"}
    assert b"sudoers" not in scripts["desk"]
    assert b"useradd" in scripts["pad"]
    assert b"sudoers" in scripts["pad"]


def test_an_unknown_provider_is_answered_with_the_known(controller: Controller) -> None:
    with pytest.raises(UsageError, match="No provider is called `dokcer`"):
        open_provider("dokcer", "0", controller.home)


def test_one_provider_is_opened_whoever_asks(controller: Controller) -> None:
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(controller.provider("docker")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


def test_errors_carry_their_exit_codes() -> None:
    assert (LabctlError("x").exit_code, ProviderError("x").exit_code) == (1, 4)
