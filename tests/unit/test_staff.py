"""Who acts, who is on the staff, and which role may do what."""

from __future__ import annotations

import os
import pwd
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from labctl.backup.making import back_up
from labctl.backup.restoring import restore
from labctl.backup.upgrading import upgrade
from labctl.centre import staff
from labctl.centre.account import Account, current_account, find_account
from labctl.centre.approvals import approve
from labctl.centre.candidates import candidates, erase
from labctl.centre.founding import Machine, init
from labctl.centre.importing import import_roster
from labctl.centre.roles import MAY, Act, Role
from labctl.errors import LabctlError, NotPermitted, StoreError, UnknownName, UsageError
from labctl.evidence import write_evidence
from labctl.providers import PROVIDERS
from labctl.sessions import entering, incidents
from labctl.sessions.checking import check
from labctl.sessions.cleaning import collect_garbage
from labctl.sessions.controller import Controller
from labctl.sessions.hands import hands
from labctl.sessions.pausing import extend, pause
from labctl.sessions.remarking import remark
from labctl.sessions.reopening import reopen
from labctl.sessions.resetting import reset
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.sessions.suspending import suspend
from labctl.sessions.voiding import void
from labctl.sittings.ending import end
from labctl.sittings.model import Presence
from labctl.sittings.planning import SittingRequest, plan_sitting
from labctl.sittings.preparing import prepare
from labctl.sittings.register import register
from labctl.store import OutOfDate
from tests.fakes.command import LIBRARY, Command

DAEMON = Account("daemon", pwd.getpwnam("daemon").pw_uid)
ROOT = Account("root", 0)
STRANGER = Account("eve", 4712)


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [LIBRARY]) as opened:
        yield opened


def act_as(controller: Controller, account: Account) -> None:
    controller.__dict__["account"] = account


# ------------------------------------------------------------------ who acts


def test_who_acts_is_the_account_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "dean")
    mine = pwd.getpwuid(os.getuid()).pw_name
    assert current_account() == Account(mine, os.getuid())
    with Controller(tmp_path) as controller:
        assert controller.actor == mine


@pytest.mark.skipif(os.getuid() != ROOT.uid, reason="only root can run a process as another")
def test_a_process_of_another_account_acts_as_that_account() -> None:
    """And one that runs with somebody else's power (setuid) acts as who started it."""
    program = (
        "import os; from labctl.centre.account import current_account; "
        "os.setresuid({real}, {effective}, 0); print(current_account().name)"
    )
    for effective in (DAEMON.uid, ROOT.uid):
        said = subprocess.run(
            [sys.executable, "-c", program.format(real=DAEMON.uid, effective=effective)],
            env={"LOGNAME": "root", "USER": "root", "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert said.stdout.strip() == "daemon"


def test_a_number_without_an_account_is_called_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert current_account() == Account("uid 4000000", 4_000_000)


def test_an_account_must_be_there() -> None:
    assert find_account("daemon") == DAEMON
    with pytest.raises(UsageError, match="no account `no-such-account`"):
        find_account("no-such-account")


# ------------------------------------------------------------------ the staff


def test_the_staff_is_what_the_log_adds_up_to(controller: Controller) -> None:
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy  Jones", [Role.IQA, Role.ASSESSOR])
    staff.add(controller, "bin", "Bilal Khan", [Role.VERIFIER])
    staff.change(controller, "daemon", more=[Role.INVIGILATOR], fewer=[Role.IQA])
    staff.change(controller, "daemon", more=[Role.INVIGILATOR], fewer=[])
    found = staff.members(controller.store)
    assert list(found) == ["bin", "daemon"]
    assert found["daemon"].roles == (Role.ASSESSOR, Role.INVIGILATOR)
    assert (found["daemon"].name, found["daemon"].uid) == ("Amy Jones", DAEMON.uid)

    staff.remove(controller, "bin")
    assert list(staff.members(controller.store)) == ["daemon"]
    events = controller.store.centre_events()
    assert [event.kind for event in events] == [
        "staff.added",
        "staff.added",
        "staff.changed",
        "staff.removed",
    ]
    assert {event.actor for event in events} == {"root"}
    assert "Jones" not in repr(events)
    assert controller.store.audit_centre() == ()


@pytest.mark.parametrize(
    "call, told",
    [
        (lambda c: staff.add(c, "daemon", "Amy", [Role.IQA]), "is on the staff already"),
        (lambda c: staff.add(c, "bin", "Amy", []), "Name a role"),
        (lambda c: staff.add(c, "bin", " ", [Role.IQA]), "Give the person's name"),
        (lambda c: staff.add(c, "bin", "A\x1b[31m", [Role.IQA]), "Give the person's name"),
        (lambda c: staff.add(c, "no-such", "Amy", [Role.IQA]), "no account `no-such`"),
        (lambda c: staff.change(c, "daemon", more=[], fewer=[Role.IQA]), "no role left"),
        (lambda c: staff.change(c, "demon", more=[Role.IQA], fewer=[]), "No member of staff"),
        (lambda c: staff.remove(c, "bin"), "No member of staff is called `bin`"),
    ],
)
def test_what_makes_no_sense_is_refused(
    controller: Controller, call: Callable[[Controller], Any], told: str
) -> None:
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [Role.IQA])
    with pytest.raises(UsageError, match=told):
        call(controller)
    assert len(controller.store.centre_events()) == 1


# ------------------------------------------------------------------ what is permitted


CASES: dict[Act, Callable[[Controller], Any]] = {
    Act.PLAN: lambda c: plan_sitting(c, SittingRequest("", "", "", "", ())),
    Act.PREPARE: lambda c: prepare(c, "s-abcd"),
    Act.REGISTER: lambda c: register(c, "s-abcd", ["C1"], Presence.PRESENT),
    Act.END: lambda c: end(c, "s-abcd"),
    Act.START: lambda c: start(c, StartRequest("none", ("C1",))),
    Act.CHECK: lambda c: check(c, "abcdef"),
    Act.SUBMIT: lambda c: submit(c, "abcdef"),
    Act.PAUSE: lambda c: pause(c, "abcdef", "why"),
    Act.EXTEND: lambda c: extend(c, "abcdef", 60, "why"),
    Act.REOPEN: lambda c: reopen(c, "abcdef", "why"),
    Act.STOP: lambda c: stop(c, "abcdef"),
    Act.CONSOLE: lambda c: entering.console(c, "abcdef", "pc"),
    Act.PUT: lambda c: entering.put(c, "abcdef", "pc", "/x", b""),
    Act.GET: lambda c: entering.get(c, "abcdef", "pc", "/x"),
    Act.HANDS: lambda c: hands(c, "abcdef", "pull"),
    Act.RESET: lambda c: reset(c, "abcdef", "pc", "why"),
    Act.THAW: lambda c: entering.thaw(c, "abcdef"),
    Act.GC: collect_garbage,
    Act.NOTICE: lambda c: incidents.notice(c, "abcdef", "text"),
    Act.NOTE: lambda c: incidents.note(c, "abcdef", "note", "text"),
    Act.LIFT: lambda c: incidents.lift(c, "abcdef", "why"),
    Act.VOID: lambda c: void(c, "abcdef", "why"),
    Act.SUSPEND: lambda c: suspend(c, "abcdef", "a/b", "why"),
    Act.REMARK: lambda c: remark(c, "abcdef"),
    Act.REMARK_DRY: lambda c: remark(c, "abcdef", dry_run=True),
    Act.EVIDENCE: lambda c: write_evidence(c, "abcdef", Path("none")),
    Act.SEE_PEOPLE: candidates,
    Act.IMPORT_PEOPLE: lambda c: import_roster(c, b"", "r", columns={}, today=date(2026, 3, 1)),
    Act.ERASE_PEOPLE: lambda c: erase(c, ["abcdef"]),
    Act.STAFF: lambda c: staff.remove(c, "abcdef"),
    Act.APPROVE: lambda c: approve(c, c.library.lab("notes"), ()),
    Act.BACKUP: lambda c: back_up(c, Path("none/none")),
    Act.RESTORE: lambda c: restore(c, Path("none"), replace=True),
    Act.UPGRADE: upgrade,
    Act.INIT: lambda c: init(c, machine=Machine(is_root=False)),
}
"""Each act as a use-case, with arguments that lead nowhere once it is permitted."""


ROWS: dict[str, tuple[Act, ...]] = {
    "`sitting new`, `sitting cancel`": (Act.PLAN,),
    "`sitting prepare`, `sitting kit`": (Act.PREPARE,),
    "`sitting register`, `sitting end`": (Act.REGISTER, Act.END),
    "`start`, `pause`, `resume`, `submit`, `console`, `hands`, `thaw`": (
        Act.START,
        Act.PAUSE,
        Act.SUBMIT,
        Act.CONSOLE,
        Act.HANDS,
        Act.THAW,
    ),
    "`check`, `stop`, `put`, `reset`, `gc`": (Act.CHECK, Act.STOP, Act.PUT, Act.RESET, Act.GC),
    "`extend`, `notice`": (Act.EXTEND, Act.NOTICE),
    "`note`": (Act.NOTE,),
    "`note --lift`": (Act.LIFT,),
    "`get`": (Act.GET,),
    "`evidence`, `capture`, `remark --dry-run`": (Act.EVIDENCE, Act.REMARK_DRY),
    "`remark`, `reopen`, `void`, `suspend`, `people import`, `people erase`": (
        Act.REMARK,
        Act.REOPEN,
        Act.VOID,
        Act.SUSPEND,
        Act.IMPORT_PEOPLE,
        Act.ERASE_PEOPLE,
    ),
    "see names, `people list`, `people show`": (Act.SEE_PEOPLE,),
    "`labs approve`": (Act.APPROVE,),
    "`staff add`, `role`, `remove`, `centre init`, `backup`, `restore`, `upgrade`": (
        Act.STAFF,
        Act.INIT,
        Act.BACKUP,
        Act.RESTORE,
        Act.UPGRADE,
    ),
}
"""The rows of the table in docs/cli.md."""


def permitted(controller: Controller, act: Act) -> bool:
    try:
        CASES[act](controller)
    except NotPermitted:
        return False
    except LabctlError:
        pass
    return True


def test_every_act_has_its_roles_and_is_tried() -> None:
    assert set(MAY) == set(Act)
    assert set(CASES) == set(Act)
    assert all(MAY.values())


def test_the_manual_says_what_the_table_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert {act for acts in ROWS.values() for act in acts} == set(Act)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    (head,) = (line for line in lines if line.startswith("| may |"))
    roles = [Role(each.strip()) for each in head.split("|")[2:-1]]
    for row, acts in ROWS.items():
        (line,) = (each for each in lines if each.startswith(f"| {row} |"))
        marks = [each.strip() for each in line.removeprefix(f"| {row} |").split("|")[:-1]]
        told = {role for role, mark in zip(roles, marks, strict=True) if mark}
        assert all(MAY[act] == told for act in acts), row


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    controller: Controller, role: Role
) -> None:
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [role])
    act_as(controller, DAEMON)
    found = {act for act in Act if permitted(controller, act)}
    assert found == {act for act in Act if role in MAY[act]}


@pytest.mark.parametrize(
    "percent, error",
    [(25, NotPermitted), (-1, UsageError), (0, UnknownName), (None, UnknownName)],
)
def test_who_may_not_give_time_starts_with_what_the_roster_gives(
    controller: Controller, percent: int | None, error: type[LabctlError]
) -> None:
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [Role.TECHNICIAN])
    act_as(controller, DAEMON)
    with pytest.raises(error):
        start(controller, StartRequest("none", ("C1",), extra_time=percent))


def test_a_session_of_a_sitting_is_begun_there(controller: Controller) -> None:
    with pytest.raises(UsageError, match="begun in it"):
        start(controller, StartRequest("none", ("C1",), sitting="s-abcdef"))


def test_without_staff_on_record_everything_is_permitted(controller: Controller) -> None:
    act_as(controller, STRANGER)
    assert all(permitted(controller, act) for act in Act)
    staff.add(controller, "daemon", "Amy Jones", [Role.ASSESSOR])
    assert not any(permitted(controller, act) for act in Act)
    act_as(controller, DAEMON)
    with pytest.raises(NotPermitted, match="`daemon` is assessor, and this takes the role tech"):
        staff.remove(controller, "daemon")
    act_as(controller, ROOT)
    staff.remove(controller, "daemon")
    act_as(controller, STRANGER)
    assert all(permitted(controller, act) for act in Act)


def test_root_is_a_technician_and_may_be_more(controller: Controller) -> None:
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [Role.ASSESSOR])
    assert {act for act in Act if permitted(controller, act)} == {
        act for act in Act if Role.TECHNICIAN in MAY[act]
    }
    with pytest.raises(NotPermitted, match="`root` is technician") as caught:
        remark(controller, "abcdef")
    assert f"LABCTL_HOME={controller.home} labctl staff" in caught.value.hint
    staff.add(controller, "root", "Carol Smith", [Role.IQA])
    assert permitted(controller, Act.REMARK)
    assert permitted(controller, Act.STOP)


def test_an_account_that_was_made_anew_is_another(controller: Controller) -> None:
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [Role.ASSESSOR])
    act_as(controller, Account("daemon", 4713))
    with pytest.raises(NotPermitted, match=f"has the number {DAEMON.uid}, yours is 4713"):
        submit(controller, "abcdef")
    act_as(controller, Account("amy", DAEMON.uid))
    with pytest.raises(NotPermitted, match="`amy` is not on the staff"):
        submit(controller, "abcdef")


def test_work_that_leaves_no_record_asks_no_role(controller: Controller, tmp_path: Path) -> None:
    """Proving a lab starts and grades sessions in a store of its own."""
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [Role.ASSESSOR])
    act_as(controller, STRANGER)
    with controller.throw_away(tmp_path / "scratch") as scratch:
        assert scratch.actor == "eve"
        with pytest.raises(UnknownName):
            stop(scratch, "abcdef")


def test_a_damaged_log_permits_nothing(controller: Controller) -> None:
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [Role.TECHNICIAN])
    tamper(controller, '{"account":"daemon"}')
    for act in (Act.STOP, Act.STAFF):
        with pytest.raises(StoreError, match="Event 1 of the centre's log is damaged: it lacks"):
            CASES[act](controller)
    (problem,) = controller.store.audit_centre()
    assert problem.sequence == 1


def test_a_change_is_recorded_only_on_what_it_was_decided_on(controller: Controller) -> None:
    act_as(controller, ROOT)
    staff.add(controller, "daemon", "Amy Jones", [Role.ASSESSOR])
    with Controller(controller.home, [LIBRARY]) as other:
        act_as(other, ROOT)
        looked = staff._last(other.store)
        staff.remove(controller, "daemon")
        with pytest.raises(OutOfDate, match="The centre's log has moved on"):
            other.store.record("staff.changed", {}, "root", expect_sequence=looked)


def tamper(controller: Controller, data: str) -> None:
    path = controller.home / "labctl.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE centre_events SET data = ? WHERE sequence = 1", (data,))


# ------------------------------------------------------------------ the command


def test_the_staff_at_the_command_line(labctl: Command) -> None:
    assert "Nobody is on the staff" in labctl("staff", "list").err
    said = labctl("staff", "add", "daemon", "--name", "Amy Jones", "--role", "assessor")
    assert "daemon is assessor." in said.err
    assert "From now on" in said.err
    assert "which root always is" in " ".join(said.err.split())

    refused = labctl("staff", "role", "daemon", "--add", "iqa", code=2)
    assert "`tester` is not on the staff, and this takes the role" in " ".join(refused.err.split())
    labctl.account = ROOT
    labctl("staff", "role", "daemon", "--add", "iqa", "--add", "technician", "--remove", "assessor")
    (member,) = labctl("staff", "list", "--json").json
    assert (member["account"], member["roles"]) == ("daemon", ["iqa", "technician"])
    assert "Amy Jones" in labctl("staff", "list").out
    labctl.account = DAEMON
    added = labctl("staff", "add", "bin", "--name", "Bo", "--role", "verifier", "--json")
    assert added.json["name"] == "Bo"
    assert "warning" not in added.err
    told = labctl("staff", "role", "bin", "--remove", "verifier", "--add", "iqa", "--json").json
    assert told["roles"] == ["iqa"]
    labctl("staff", "remove", "bin")
    assert "everything is permitted again" in labctl("staff", "remove", "daemon").err


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["role", "daemon"], "Say which role"),
        (["role", "daemon", "--add", "iqa", "--remove", "iqa"], "given and taken at once"),
        (["add", "daemon", "--name", "Amy"], "--role"),
        (["add", "daemon", "--name", "Amy", "--role", "dean"], "dean"),
    ],
)
def test_wrong_words_are_refused(labctl: Command, arguments: list[str], told: str) -> None:
    assert told in labctl("staff", *arguments, code=2).err


def test_one_who_may_not_is_refused_before_anything_is_done(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl("staff", "add", "daemon", "--name", "Amy Jones", "--role", "verifier")
    labctl.account = DAEMON
    for arguments in (["stop", code, "--yes"], ["submit", code], ["check", code]):
        said = labctl(*arguments, code=2)
        assert "`daemon` is verifier" in " ".join(said.err.split())
    assert labctl("sessions", "--json").json[0]["state"] == "running"
    labctl("start", "notes", "--candidate", "bilal", code=2)
    labctl.account = ROOT
    labctl("stop", code, "--yes")


def test_the_record_names_who_did_it(labctl: Command) -> None:
    labctl("staff", "add", "daemon", "--name", "Amy Jones", "--role", "assessor")
    labctl.account = DAEMON
    code = labctl.start("amy")
    log = labctl("show", code, "--json").json["timeline"]
    assert {each["actor"] for each in log} == {"daemon"}
    assert "daemon joined the staff: assessor" in labctl("centre", "log").out
    (event,) = labctl("centre", "log", "--json").json
    assert (event["actor"], event["kind"]) == ("tester", "staff.added")


def test_a_centre_without_a_log_says_so(labctl: Command) -> None:
    assert "Nothing is on record" in labctl("centre", "log").err
