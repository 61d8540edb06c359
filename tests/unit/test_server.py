"""The server on its socket: the same use-cases from afar, who may, and what no peer can do."""

from __future__ import annotations

import json
import os
import pwd
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labctl.centre import staff
from labctl.centre.account import Account
from labctl.centre.roles import Act, Role
from labctl.declaration import declaration
from labctl.errors import LabctlError, NotPermitted, StoreError, UnknownName, UsageError
from labctl.evidence import evidence_files
from labctl.providers import PROVIDERS
from labctl.served import USE_CASES, name_of, served
from labctl.server import asking, calls, frames, peers, running, serving
from labctl.server.asking import connect, use_server
from labctl.server.serving import Server, socket_of
from labctl.sessions import views
from labctl.sessions.checking import check
from labctl.sessions.controller import Controller
from labctl.sessions.entering import get, put
from labctl.sessions.pausing import extend, pause, resume
from labctl.sessions.record import State
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.sittings.beginning import begin
from labctl.sittings.ending import end
from labctl.sittings.issuing import issue_pins
from labctl.sittings.kit import KitRequest, make_kit
from labctl.sittings.model import Presence
from labctl.sittings.notices import notice
from labctl.sittings.pausing import pause as pause_all
from labctl.sittings.pausing import resume as resume_all
from labctl.sittings.planning import SittingRequest, plan_sitting
from labctl.sittings.preparing import prepare
from labctl.sittings.reading import Listed, demand_known, listed
from labctl.sittings.register import register
from labctl.sittings.views import sitting_view
from labctl.store import Busy
from labctl.store.home import is_ours
from labctl.store.locks import exclusive
from labctl.warden.running import WHAT, ensure_warden, lock_of
from tests.fakes.command import LIBRARY, Command
from tests.unit.test_staff import CASES, DAEMON, ROOT, STRANGER, act_as, permitted

OPERATOR = Account("operator", 4711)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    return tmp_path / ("long" * 40) / "home"  # longer than the name of a socket can be


@pytest.fixture
def controller(home: Path) -> Iterator[Controller]:
    """The server's own."""
    with Controller(home, [LIBRARY]) as opened:
        _ = opened.store
        yield opened


class Peers:
    """Whom the server takes its peers for."""

    def __init__(self) -> None:
        self.account = OPERATOR

    def __call__(self, _line: socket.socket) -> Account:
        return self.account


@pytest.fixture
def peer() -> Peers:
    return Peers()


@pytest.fixture
def server(controller: Controller, peer: Peers) -> Iterator[Server]:
    made = Server(controller, peer)
    yield made
    made.close(20)


@pytest.fixture
def distant(server: Server, controller: Controller) -> Controller:
    """Somebody else's: nothing but the socket."""
    found = Controller(controller.home)
    use_server(found)
    return found


@served
def falls_over(controller: Controller) -> None:
    raise RuntimeError("what now")


@served
def works_on(controller: Controller, code: str) -> None:
    """Work that goes on until it is interrupted."""
    controller.tell(code, "at it")
    tick = threading.Event()
    try:
        for _ in range(4000):
            controller.go_on()
            tick.wait(0.005)
    finally:
        ENDED.set()


ENDED = threading.Event()


@pytest.fixture(autouse=True)
def only_the_programs_own() -> Iterator[None]:
    yield
    ENDED.clear()


# --------------------------------------------------------------------------- the same from afar


def test_a_session_from_its_start_to_its_evidence(
    distant: Controller, controller: Controller
) -> None:
    said: list[str] = []
    distant.tell = lambda code, line: said.append(f"{code} {line}")
    (one,) = start(distant, StartRequest("notes", ("amy",), seed=7))
    code = one.session or pytest.fail(one.problem)
    assert f"{code} running" in said
    put(distant, code, "desk", "/srv/note.txt", b"\xff\x00 pear")
    assert get(distant, code, "desk", "/srv/note.txt") == b"\xff\x00 pear"
    assert check(distant, code).available == 4
    assert pause(distant, code, "rest break").phase == "paused"
    assert resume(distant, code).restarted == ()
    assert extend(distant, code, 60, "alarm").extended.total_seconds() == 60
    listed = views.session_views(distant.store)
    assert listed == views.session_views(controller.store)
    marking = submit(distant, code, lambda _: None, declared=declaration())
    assert controller.store.session(code).state == State.SUBMITTED
    assert marking.outcome == "not-yet-achieved"
    detail = views.session_detail(distant, code)
    assert detail == views.session_detail(controller, code)
    assert {event.actor for event in distant.store.events(code)} == {"operator"}
    files = evidence_files(distant, code)
    assert json.loads(files["manifest.json"])["session"] == code
    assert distant.store.audit(code) == ()
    stop(distant, code)
    assert distant.store.session(code).state == State.STOPPED


def test_a_sitting_from_its_plan_to_its_end(
    distant: Controller, controller: Controller, tmp_path: Path
) -> None:
    request = SittingRequest("2126-03-14", "09:30", "12:00", "R 12", ("notes",), ("C1", "C2"))
    planned = plan_sitting(distant, request)
    code = planned.sitting.code
    assert (planned.warnings, planned.sitting.by) == ((), "operator")
    assert listed(distant) == Listed((planned.sitting,), ())
    assert [each.label for each in issue_pins(distant, code)] == ["A1", "A2"]
    tried: list[object] = []
    found = prepare(distant, code, pre_flight=True, progress=tried.append)
    assert [each.problem for each in found.tried] == ["", ""]
    kit = make_kit(distant, code, tmp_path / "kit", KitRequest(new_pins=True))
    assert sorted(kit.files) == sorted(each.name for each in kit.folder.iterdir())
    assert (kit.pins, kit.names) == (("A1", "A2"), True)
    register(distant, code, ["C2"], Presence.ABSENT)
    (one,) = begin(distant, code, ["C1"]).started
    assert pause_all(distant, code, "fire alarm").outcomes[0].session == one.session
    assert resume_all(distant, code).left == {}
    assert notice(distant, code, "Read task 2 again.", 60).exit_code == 0
    assert distant.store.sittings.list() == controller.store.sittings.list()
    assert sitting_view(distant, code).sitting == sitting_view(controller, code).sitting
    with pytest.raises(UsageError, match="Still at work: C1"):
        end(distant, code)
    submit(distant, one.session or "", lambda _: None)
    assert end(distant, code) == sitting_view(controller, code)
    assert distant.store.sittings.audit(code) == ()
    with pytest.raises(UnknownName, match="No sitting is called"):
        demand_known(distant, "s-zzzz")


def test_every_use_case_can_be_called_and_answered_by_its_types_alone() -> None:
    for name, use_case in calls.use_cases().items():
        for kind in calls._types(use_case).values():
            calls._adapter(kind).json_schema()
        assert name == name_of(use_case)


def test_errors_are_what_they_were(distant: Controller) -> None:
    with pytest.raises(UnknownName, match="No session is called `abcdef`") as unknown:
        stop(distant, "abcdef")
    assert unknown.value.exit_code == 2
    (one,) = start(distant, StartRequest("notes", ("amy",), seed=7))
    with pytest.raises(UsageError, match="not paused") as refused:
        resume(distant, one.session or "")
    assert refused.value.hint == ""


def test_a_lock_that_is_held_is_busy_from_afar(distant: Controller, controller: Controller) -> None:
    (one,) = start(distant, StartRequest("notes", ("amy",), seed=7))
    with controller.store.lock(one.session or ""), pytest.raises(Busy, match="is in use"):
        check(distant, one.session or "")


def test_what_is_not_served_says_so(distant: Controller) -> None:
    with pytest.raises(UsageError, match="state directory itself"):
        distant.store.names()
    with pytest.raises(UsageError, match="state directory itself"):
        distant.store.sittings.events("s-aaaa")
    with pytest.raises(UsageError, match="state directory itself"):
        distant.store.get_blob("x")
    distant.store.close()
    ensure_warden(distant)


# --------------------------------------------------------------------------- who may


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_from_afar_what_it_may_do_here(
    distant: Controller, controller: Controller, peer: Peers, role: Role
) -> None:
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [role])
    peer.account = DAEMON
    act_as(distant, DAEMON)
    local = Controller(controller.home, [LIBRARY])
    act_as(local, DAEMON)
    unlike = (Act.CONSOLE, Act.APPROVE)  # are not served
    for act in Act:
        if act not in unlike:
            assert permitted(distant, act) == permitted(local, act), act
    local.close()


def test_who_is_not_on_the_staff_is_not_even_told_what_there_is(
    distant: Controller, controller: Controller, peer: Peers
) -> None:
    assert distant.store.sessions() == ()
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [Role.VERIFIER])
    peer.account = STRANGER
    act_as(distant, DAEMON)  # whatever the caller's own program says
    for act in (distant.store.sessions, lambda: CASES[Act.STOP](distant)):
        with pytest.raises(NotPermitted, match="`eve` is not on the staff"):
            act()


def test_a_peer_is_the_account_behind_the_socket() -> None:
    here, there = socket.socketpair()
    with here, there:
        mine = pwd.getpwuid(os.getuid())
        assert peers.peer_of(here) == Account(mine.pw_name, mine.pw_uid)
    with pytest.raises(NotPermitted, match="No account of this machine has the number 4000000"):
        peers.account_of(4_000_000)


def test_a_peer_without_an_account_is_told_so(controller: Controller) -> None:
    server = Server(controller, lambda _: peers.account_of(4_000_000))
    try:
        other = Controller(controller.home)
        use_server(other)
        with pytest.raises(NotPermitted, match="has the number 4000000"):
            stop(other, "abcdef")
    finally:
        server.close(20)


def test_the_socket_is_for_its_group_alone(server: Server, controller: Controller) -> None:
    assert socket_of(controller.home).stat().st_mode & 0o777 == 0o660
    assert controller.home.stat().st_mode & 0o007 == 0


def test_the_group_comes_as_far_as_the_socket(
    controller: Controller, peer: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = os.getgid()
    monkeypatch.setattr(serving, "group_number", lambda: group)
    Server(controller, peer).close(20)
    assert controller.home.stat().st_mode & 0o777 == 0o710
    assert (controller.home / "run").stat().st_mode & 0o777 == 0o750
    assert (controller.home / "blobs").stat().st_mode & 0o777 == 0o700


# --------------------------------------------------------------------------- what a peer can send


def frame(data: bytes, length: int | None = None) -> bytes:
    return struct.pack(">I", len(data) if length is None else length) + data


def call(name: str, **given: Any) -> bytes:
    return frame(json.dumps({"call": name, "with": given}).encode())


READ = "labctl.server.reading.session"


@pytest.mark.parametrize(
    "data, told",
    [
        (frame(b"{"), "is no JSON"),
        (frame(b"\xff\xfe"), "is no JSON"),
        (frame(b"[" * 100_000), "is no JSON"),
        (frame(b"[]"), "is no call"),
        (frame(b'{"call": "x"}'), "is no call"),
        (frame(b"", frames.LARGEST + 1), "is too large"),
        (frame(b"GET / HT", 0x48545450), "is too large"),
        (call("labctl.sessions.stopping.halt"), "No use-case of this server is called"),
        (call("os.system", command="id"), "No use-case of this server is called"),
        (call(READ), "missing a required argument"),
        (call(READ, code=7), "arguments of `labctl.server.reading.session` are wrong"),
        (call(READ, code="abcdef", actor="root"), "does not take: actor"),
    ],
)
def test_what_makes_no_sense_is_answered_and_the_server_lives_on(
    server: Server, distant: Controller, data: bytes, told: str
) -> None:
    with connect(distant.home) as line:
        line.sendall(data)
        answer = frames.receive(line, 20)
    assert told in answer["error"]["message"]
    assert distant.store.sessions() == ()


@pytest.mark.parametrize("data", [b"", b"\x00\x00", frame(b"{", 100)])
def test_a_peer_that_goes_away_or_is_slow_harms_nobody(
    server: Server, distant: Controller, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    with connect(distant.home) as line:
        line.sendall(data)
    assert distant.store.sessions() == ()
    monkeypatch.setattr(serving, "SLOWEST", 0.05)
    with connect(distant.home) as line:
        line.sendall(data)
        assert "did not come in time" in frames.receive(line, 20)["error"]["message"]
    assert distant.store.sessions() == ()


def test_one_call_too_many_is_told_to_come_back(
    controller: Controller, peer: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "MOST", 1)
    server = Server(controller, peer)
    try:
        with connect(controller.home), connect(controller.home) as line:
            told = frames.receive(line, 20)
            assert "has 1 calls to answer" in told["error"]["message"]
    finally:
        server.close(20)


def test_a_fault_of_its_own_is_said_and_the_server_lives_on(
    distant: Controller, controller: Controller
) -> None:
    said: list[str] = []
    controller.tell = lambda _code, line: said.append(line)
    with pytest.raises(calls.ServerFault, match="RuntimeError: what now") as fault:
        falls_over(distant)
    assert fault.value.exit_code == 70
    assert "RuntimeError: what now" in said[0]
    assert distant.store.sessions() == ()


def test_an_answer_of_another_version_says_what_to_do() -> None:
    use_case = USE_CASES[READ]
    with pytest.raises(frames.BadFrame, match="of another shape") as told:
        calls.value_from_json(use_case, {"code": 1})
    assert "restart `labctl serve`" in told.value.hint
    unknown = calls.error_from_json({"kind": "NoSuch", "message": "m", "exit_code": 9})
    assert (type(unknown), unknown.exit_code) == (LabctlError, 9)


def test_whoever_hangs_up_interrupts_the_call(server: Server, distant: Controller) -> None:
    with connect(distant.home) as line:
        line.sendall(call(name_of(USE_CASES[f"{__name__}.works_on"]), code="abcdef"))
        assert frames.receive(line, 20) == {"tell": ["abcdef", "at it"]}
    assert ENDED.wait(20)
    assert distant.store.sessions() == ()


def test_a_server_that_ends_interrupts_what_is_under_way(
    server: Server, distant: Controller, controller: Controller
) -> None:
    with connect(distant.home) as line:
        line.sendall(call(f"{__name__}.works_on", code="abcdef"))
        assert frames.receive(line, 20) == {"tell": ["abcdef", "at it"]}
        server.close(20)
        assert ENDED.is_set()
        assert "interrupted" in frames.receive(line, 20)["error"]["message"]
    assert not socket_of(controller.home).exists()
    with pytest.raises(StoreError, match="No server answers"):
        distant.store.sessions()


def test_a_server_that_is_gone_in_the_middle_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = socket.socketpair()
    there.close()
    monkeypatch.setattr(asking, "connect", lambda _: here)
    monkeypatch.setattr(frames, "send", lambda *_: None)
    link = asking.ServerLink(home)
    with pytest.raises(frames.PeerGone, match="in the middle of this"):
        link.ask(USE_CASES[READ], {"code": "abcdef"}, Controller(home))


def test_an_answer_that_nobody_takes_is_given_up() -> None:
    here, there = socket.socketpair()
    with here, there, pytest.raises(frames.PeerGone, match="takes no more"):
        frames.send(here, {"value": "x" * (8 << 20)}, 0.05)


def test_an_answer_that_is_too_large_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = socket.socketpair()
    monkeypatch.setattr(frames, "LARGEST", 10)
    with here, there, pytest.raises(frames.BadFrame, match="too large to be sent"):
        frames.send(here, {"value": "x" * 100}, 1)


# --------------------------------------------------------------------------- start and end


def test_a_socket_that_a_killed_server_left_is_replaced(
    controller: Controller, peer: Peers
) -> None:
    left = serving.listen(controller.home)
    left.close()
    assert socket_of(controller.home).exists()
    with pytest.raises(StoreError, match="Connection refused"):
        connect(controller.home)
    server = Server(controller, peer)
    connect(controller.home).close()
    server.close(20)


def test_where_it_cannot_listen_it_says_so(controller: Controller, peer: Peers) -> None:
    (controller.home / "run").write_text("in the way")
    with pytest.raises(StoreError, match="cannot listen at"):
        Server(controller, peer)


def test_it_serves_until_it_is_interrupted_and_there_is_one(controller: Controller) -> None:
    asked: list[bool] = []

    def wait(_seconds: float) -> None:
        assert asking.answers(controller.home)
        with pytest.raises(UsageError, match="runs already"):
            running.serve(Controller(controller.home), wait)
        asked.append(True)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.serve(controller, wait)
    assert asked == [True]
    assert not socket_of(controller.home).exists()
    with exclusive(lock_of(controller.home), WHAT):
        pass


def test_a_warden_that_is_gone_by_now_is_only_waited_for(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "TAKE_OVER_SECONDS", 0.05)
    ended: list[int] = []

    def kill(pid: int, _signal: int) -> None:
        ended.append(pid)
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", kill)
    with exclusive(lock_of(controller.home), WHAT), pytest.raises(Busy):
        running.serve(controller)
    assert ended == [os.getpid()]


# --------------------------------------------------------------------------- by the command line


@pytest.fixture
def serving_home(labctl: Command, peer: Peers) -> Iterator[Command]:
    """The command, which may not use its state directory, beside a server that may."""
    with Controller(labctl.home, [LIBRARY]) as opened:
        server = Server(opened, peer)
        yield labctl
        server.close(20)


def test_commands_are_the_same_through_the_server(
    serving_home: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    labctl = serving_home
    monkeypatch.setenv("LABCTL_SERVER", "always")
    code = labctl.start("amy")
    for words in (("sessions",), ("show", code), ("tasks", code), ("audit",), ("centre", "log")):
        monkeypatch.setenv("LABCTL_SERVER", "always")
        through = labctl(*words)
        monkeypatch.delenv("LABCTL_SERVER")
        assert through.out == labctl(*words).out
    monkeypatch.setenv("LABCTL_SERVER", "always")
    labctl("pause", code, "--reason", "rest break")
    assert "is paused" in labctl("check", code, code=2).err
    labctl("resume", code)
    labctl("notice", code, "--text", "Task 1 means `/srv`.")
    assert "Recommended" in labctl("submit", code, "--declared").out
    labctl("remark", code)
    labctl("reopen", code, "--reason", "the wrong button")
    labctl("submit", code, "--json")
    labctl("evidence", code, "--output", "folder")
    assert (labctl.home.parent / "folder" / "report.md").exists()
    assert "state directory itself" in labctl("console", code, "desk", code=2).err
    labctl("stop", code)
    monkeypatch.delenv("LABCTL_SERVER")
    log = labctl("show", code, "--json").json["timeline"]
    assert {each["actor"] for each in log} == {"operator"}


def test_without_a_server_it_says_what_starts_one(
    labctl: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABCTL_SERVER", "always")
    said = labctl("sessions", code=5)
    assert "No server answers" in said.err
    assert "labctl serve" in said.err


def test_whose_a_state_directory_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_ours(tmp_path)
    assert is_ours(tmp_path / "none" / "yet")
    (tmp_path / "labctl.db").touch()
    closed: list[Path] = []

    def access(path: Path, _mode: int) -> bool:
        return path not in closed

    monkeypatch.setattr(os, "access", access)
    assert is_ours(tmp_path)
    closed.append(tmp_path / "labctl.db")
    assert not is_ours(tmp_path)
    closed[:] = [tmp_path]
    assert not is_ours(tmp_path)
