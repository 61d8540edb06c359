"""A hand-in and its capture, over a server of paper: kept, cut off, declared, opened again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from labctl.errors import StoreError, UnknownName, UsageError
from labctl.marking import Outcome
from labctl.providers import PROVIDERS
from labctl.sessions import capturing, record
from labctl.sessions.capturing import FAILED, TAKEN, demand_kept, host_of, kept
from labctl.sessions.controller import Controller, Interrupted
from labctl.sessions.graded_hosts import GradedHosts
from labctl.sessions.grading import Grading
from labctl.sessions.record import State
from labctl.sessions.recovery import recover
from labctl.sessions.reopening import reopen
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.sessions.views import session_detail
from labctl.store import Store
from labctl.store.blobs import Blobs, disk_full
from tests.fakes.command import Command
from tests.fakes.provider import FakeServer
from tests.paperwork import LAB, library_with_paperwork


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [library_with_paperwork(tmp_path)]) as opened:
        yield opened


@pytest.fixture
def server(controller: Controller) -> FakeServer:
    return FakeServer(controller.home)


@pytest.fixture
def code(controller: Controller, server: FakeServer) -> str:
    """A session with its work done."""
    (one,) = start(controller, StartRequest(LAB, ("amy",), seed=7))
    assert one.session is not None
    server.write(one.session, "desk", "/srv/page", "page")
    server.write(one.session, "desk", "/srv/reasons.md", "why: \x1b[2Jbecause\n")
    return one.session


def kinds(controller: Controller, code: str) -> list[str]:
    return [event.kind for event in controller.store.events(code)]


# --------------------------------------------------------------------------- the capture


def test_it_is_taken_before_anything_is_graded(controller: Controller, code: str) -> None:
    submit(controller, code)
    seen = kinds(controller, code)
    assert seen.index(TAKEN) < seen.index("submit.phase")
    found = demand_kept(controller.store, code)
    assert [host.host for host in found.hosts] == ["desk"]
    assert found.after == ()
    texts = {file.path: file.text for file in host_of(found, "desk").files}
    assert texts["/srv/page"] == "page"
    (judged,) = found.judged
    assert judged.content == b"why: \x1b[2Jbecause\n"
    with pytest.raises(UnknownName):
        host_of(found, "shelf")


def test_it_is_taken_once_for_the_same_work(controller: Controller, code: str) -> None:
    submit(controller, code)
    submit(controller, code)
    assert kinds(controller, code).count(TAKEN) == 1


def test_one_in_which_nothing_was_seen_is_taken_again_later(
    controller: Controller, server: FakeServer, code: str
) -> None:
    server.fault("dial", "The observer is gone.")
    assert submit(controller, code).outcome is Outcome.UNDETERMINED
    server.fault("dial", None)
    submit(controller, code)
    assert kinds(controller, code).count(TAKEN) == 2
    found = demand_kept(controller.store, code)
    assert found.after == ("hand-in",)
    assert found.hosts[0].listed == 2


def test_its_failing_costs_nothing(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("what now")

    monkeypatch.setattr(Grading, "standing_still", broken)
    submit(controller, code)
    assert controller.store.session(code).state == State.SUBMITTED
    assert controller.store.runs(code)[-1].summary["marks"] == 1
    (failed,) = [each for each in controller.store.events(code) if each.kind == FAILED]
    assert failed.data == {"why": "RuntimeError: what now"}
    with pytest.raises(UsageError, match="it failed"):
        demand_kept(controller.store, code)


def test_a_disk_that_is_full_for_the_capture_alone_stops_no_grading(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Blobs.put

    def full(blobs: Blobs, content: bytes) -> str:
        if b'"sections"' in content:
            raise disk_full("blobs")
        return put(blobs, content)

    monkeypatch.setattr(Blobs, "put", full)
    submit(controller, code)
    seen = kinds(controller, code)
    assert FAILED in seen
    assert "submit.done" in seen
    monkeypatch.setattr(Blobs, "put", put)
    submit(controller, code)
    assert demand_kept(controller.store, code).after == ("hand-in",)


def test_a_full_disk_leaves_a_hand_in_that_goes_on(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def full(*_: object, **__: object) -> None:
            raise disk_full("store")

        patch.setattr(Blobs, "put", full)
        patch.setattr(Store, "append", full)
        with pytest.raises(StoreError, match="disk is full"):
            submit(controller, code)
    assert controller.store.session(code).state == State.SUBMITTING
    assert TAKEN not in kinds(controller, code)
    (recovered,) = recover(controller)
    assert recovered.problem == ""
    assert demand_kept(controller.store, code).after == ()
    assert len(controller.store.runs(code)) == 1
    assert controller.store.audit(code) == ()


def test_one_that_is_broken_off_is_taken_by_the_next_command(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(capturing, "take", interrupted)
        with pytest.raises(Interrupted):
            submit(controller, code)
    assert kinds(controller, code)[-1] == "hosts.frozen"
    recover(controller)
    seen = kinds(controller, code)
    assert seen.index(TAKEN) < seen.index("submit.phase")
    assert seen[-1] == "submit.done"


def interrupted(*_: object, **__: object) -> None:
    raise Interrupted


def test_one_that_comes_late_says_after_what(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Grading, "standing_still", lambda *_: 1 / 0)
        patch.setattr("labctl.sessions.submission.marking_of", interrupted)
        with pytest.raises(Interrupted):
            submit(controller, code)
    recover(controller)
    assert demand_kept(controller.store, code).after == ("behaviour",)


def test_a_damaged_capture_is_found_and_named(controller: Controller, code: str) -> None:
    submit(controller, code)
    (event,) = [each for each in controller.store.events(code) if each.kind == TAKEN]
    digests = event.data["blobs"]
    assert len(digests) == 2
    for digest in digests:
        (controller.home / "blobs" / digest[:2] / digest[2:]).write_bytes(b"x")
    problems = controller.store.audit(code)
    assert [each.sequence for each in problems] == [event.sequence] * 2
    with pytest.raises(StoreError, match="damaged"):
        kept(controller.store, code)


def test_a_capture_of_another_version_is_not_guessed_at(controller: Controller, code: str) -> None:
    blob = controller.store.put_blob(b'{"version": 99}')
    data = {"hosts": {"desk": {"capture": blob}}, "judged": [], "seconds": 1, "after": []}
    controller.store.append(code, TAKEN, data, "tester")
    with pytest.raises(StoreError, match="cannot be read"):
        kept(controller.store, code)


def test_without_a_hand_in_there_is_none(controller: Controller, code: str) -> None:
    with pytest.raises(UsageError, match="nothing was handed in"):
        demand_kept(controller.store, code)


# --------------------------------------------------------------------------- opened again


def test_a_reopened_hand_in_goes_on_and_is_handed_in_anew(
    controller: Controller, server: FakeServer, code: str
) -> None:
    submit(controller, code)
    before = record.load(controller.store, code).timing.read(controller.now())
    found = reopen(controller, code, "the wrong button")
    after = record.load(controller.store, code).timing.read(controller.now())
    assert (found.state, after.phase) == (State.RUNNING, "running")
    assert after.worked - before.worked < timedelta(seconds=5), "the clock goes on where it stood"
    assert found.deadline is not None
    states = record.load(controller.store, code)
    provider = record.provider_of(controller, states)
    assert {each.state for each in provider.states(states.placed()).values()} == {"running"}
    detail = session_detail(controller, code)
    assert any("opened again" in note for note in detail.notes)
    with server.state() as state:
        del state["sessions"][code]["hosts"]["desk"]["files"]["/srv/page"]
    submit(controller, code)
    first, second = controller.store.runs(code)
    assert (first.summary["marks"], second.summary["marks"]) == (1, 0)
    assert not any("opened again" in note for note in session_detail(controller, code).notes)
    again = demand_kept(controller.store, code)
    assert again.after == ()
    assert {file.path for file in again.hosts[0].files} == {"/srv/reasons.md"}
    assert controller.store.audit(code) == ()


def test_a_reopening_that_was_cut_off_is_taken_back(
    controller: Controller, server: FakeServer, code: str
) -> None:
    submit(controller, code)
    server.fault("running", "Docker is gone.")
    with pytest.raises(Exception, match="Docker is gone"):
        reopen(controller, code, "the wrong button")
    server.fault("running", None)
    (done,) = recover(controller)
    assert (done.verb, done.what) == ("reopen", "taken back: the session is submitted")
    assert controller.store.session(code).state == State.SUBMITTED
    assert recover(controller) == ()
    reopen(controller, code, "the wrong button")
    assert controller.store.session(code).state == State.RUNNING


@pytest.mark.parametrize("then", [submit, lambda c, code: reopen(c, code, "again")])
def test_a_reopening_that_was_cut_off_opens_nothing_later(
    controller: Controller, server: FakeServer, code: str, then: Callable[[Controller, str], object]
) -> None:
    submit(controller, code)
    server.fault("running", "Docker is gone.")
    with pytest.raises(Exception, match="Docker is gone"):
        reopen(controller, code, "the wrong button")
    server.fault("running", None)
    then(controller, code)
    assert recover(controller) == ()


def test_a_reopening_starts_hosts_that_have_stopped(
    controller: Controller, server: FakeServer, code: str
) -> None:
    submit(controller, code)
    with server.state() as state:
        state["sessions"][code]["hosts"]["desk"]["state"] = "stopped"
    reopen(controller, code, "the wrong button")
    session = record.load(controller.store, code)
    found = record.provider_of(controller, session).states(session.placed())
    assert found["desk"].state == "running"


def test_what_cannot_be_opened_again(controller: Controller, server: FakeServer, code: str) -> None:
    with pytest.raises(UsageError, match="is running, not submitted"):
        reopen(controller, code, "why not")
    submit(controller, code)
    with pytest.raises(UsageError, match="reason is empty"):
        reopen(controller, code, "  ")
    with server.state() as state:
        del state["sessions"][code]["hosts"]["desk"]
    with pytest.raises(UsageError, match="desk is gone"):
        reopen(controller, code, "why not")
    stop(controller, code)
    with pytest.raises(UsageError, match="is stopped, not submitted"):
        reopen(controller, code, "why not")


def test_what_fell_before_counts_no_more(controller: Controller, code: str) -> None:
    controller.store.append(code, "host.fell", {"host": "desk"}, "tester")
    submit(controller, code)
    session = record.load(controller.store, code)
    assert GradedHosts(controller, session).fallen == {"desk"}
    reopen(controller, code, "it fell")
    assert GradedHosts(controller, record.load(controller.store, code)).fallen == set()


# --------------------------------------------------------------------------- by the command line


def test_the_declaration_is_shown_and_its_text_is_recorded(labctl: Command) -> None:
    code = labctl.start("amy")
    said = labctl("submit", code, "--declared")
    assert "my own work" in said.err
    assert f"amy, session {code}" in said.err
    labctl("evidence", code, "--output", "folder")
    folder = labctl.home.parent / "folder"
    text = (folder / "declaration.txt").read_bytes()
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    (declared,) = [each for each in events if each["kind"] == "declaration.confirmed"]
    assert declared["data"]["text"] == hashlib.sha256(text).hexdigest()
    assert "own work: " in (folder / "report.md").read_text()


def test_a_declaration_that_is_not_confirmed_hands_nothing_in(
    labctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = labctl.start("amy")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    said = labctl("submit", code, "--declared", code=2)
    assert "not confirmed" in said.err
    assert labctl("show", code, "--json").json["session"]["state"] == "running"


def test_a_declaration_is_one_candidates(labctl: Command) -> None:
    codes = labctl.start("amy", "bilal")
    assert "one candidate's" in labctl("submit", *codes, "--declared", code=2).err


def test_reopen_says_when_time_is_up(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl("submit", code)
    said = labctl("reopen", code, "--reason", "the wrong button")
    assert "Time is up at " in said.err
    log = labctl("show", code, "--log").out
    assert "the hand-in is to be opened again: the wrong" in " ".join(log.split())
    assert "Missing option" in labctl("reopen", code, code=2).err


def test_capture_is_shown(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl.server.write(code, "desk", "/etc/mine", "\x1b[2Jmine\n")
    assert "nothing was handed in" in labctl("capture", code, code=2).err
    labctl("submit", code)
    said = labctl("capture", code)
    assert "desk" in said.out
    assert "a fake host has no program" in " ".join(said.out.split())
    assert "Taken 20" in said.err
    told = labctl("capture", code, "desk").out
    assert "The text of /etc/mine\n    \\x1b[2Jmine" in told
    assert "Did you mean `desk`?" in labctl("capture", code, "desc", code=2).err
    as_json = labctl("capture", code, "--json").json
    assert as_json["hosts"][0]["host"] == "desk"
    host = labctl("capture", code, "desk", "--json").json
    assert host["files"][0]["path"] == "/etc/mine"


def test_judged_evidence_is_shown_and_written(
    labctl: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LABCTL_LIBRARY", str(library_with_paperwork(tmp_path)))
    one, two, three = labctl.start("amy", "bilal", "chen", lab=LAB)
    labctl.server.write(one, "desk", "/srv/reasons.md", "why: \x1b[2Jbecause\n")
    labctl.server.write(two, "desk", "/srv/reasons.md", b"\xff\x00")
    labctl("submit", one, two, three)
    assert "    why: \\x1b[2Jbecause" in labctl("capture", one).out
    assert "no text; `labctl evidence`" in labctl("capture", two).out
    assert "write/reasons: desk:/srv/reasons.md (no such file)" in labctl("capture", three).out
    assert labctl("capture", one, "--json").json["judged"][0]["text"] == "why: \x1b[2Jbecause\n"
    for code in (one, two, three):
        labctl("evidence", code, "--output", code)
    places = [tmp_path / code for code in (one, two, three)]
    written = places[0] / "judged-write.reasons.txt"
    assert written.read_text() == "why: \\x1b[2Jbecause\n"
    assert (places[1] / "judged-write.reasons.md").read_bytes() == b"\xff\x00"
    reports = [(place / "report.md").read_text() for place in places]
    assert "here as judged-write.reasons.txt" in reports[0]
    assert "no such file" in reports[2]


def test_a_late_capture_is_shown_with_a_warning(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl.server.fault("dial", "The observer is gone.")
    labctl("submit", code)
    labctl.server.fault("dial", None)
    labctl("submit", code)
    assert "It was taken after: hand-in." in labctl("capture", code).err
