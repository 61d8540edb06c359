"""How often a candidate may try a lab, by the centre's policy."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest

from checkers.engine import PlannedCheck
from checkers.model import Phase
from labctl.errors import UsageError
from labctl.policy.rules import Attempts, Policy
from labctl.providers import PROVIDERS
from labctl.sessions import record
from labctl.sessions.attempts import refusal
from labctl.sessions.checking import check
from labctl.sessions.controller import Controller
from labctl.sessions.grading import at_work
from labctl.sessions.starting import Started, StartRequest, start
from labctl.sessions.task_sheet import task_sheet
from labctl.sessions.voiding import void
from labctl.store import Mode, NewSession, SessionRecord
from tests.fakes.command import LIBRARY, Command
from tests.fakes.provider import FakeServer
from tests.scripted import Scripted, looks_at, planned


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    monkeypatch.setitem(PROVIDERS, "docker", "tests.fakes.provider:FakeProvider")
    with Controller(tmp_path / "home", [LIBRARY]) as opened:
        yield opened


def under(controller: Controller, policy: Policy) -> None:
    controller.__dict__["policy"] = policy


def begin(controller: Controller, mode: Mode = "assessment", beyond: str = "") -> Started:
    request = StartRequest("notes", ("amy",), mode, 7, beyond)
    (one,) = start(controller, request)
    return one


TWICE = Policy(assessment=Attempts(2))


def test_without_a_limit_nothing_is_refused(controller: Controller) -> None:
    codes = [begin(controller).session for _ in range(4)]
    assert all(codes)
    attempts = [controller.store.session(str(code)).attempt for code in codes]
    assert attempts == [1, 2, 3, 4]


def test_a_limit_refuses_the_next_and_leaves_nothing_behind(
    controller: Controller,
) -> None:
    under(controller, TWICE)
    assert begin(controller).session
    assert begin(controller).session
    third = begin(controller)
    assert third.session is None
    assert "policy refuses one more assessment attempt at `notes`: 2 of 2 are used" in third.problem
    assert "--beyond-limit" in third.hint
    assert third.exit_code == UsageError.exit_code
    assert len(controller.store.sessions()) == 2


def test_one_who_is_refused_costs_no_other(controller: Controller) -> None:
    under(controller, Policy(assessment=Attempts(1)))
    begin(controller)
    amy, bilal = start(controller, StartRequest("notes", ("amy", "bilal")))
    assert amy.session is None
    assert bilal.session is not None


def test_an_assessor_may_go_beyond_and_the_reason_is_recorded(controller: Controller) -> None:
    under(controller, Policy(assessment=Attempts(1)))
    first = begin(controller, beyond="not needed yet").session
    second = begin(controller, beyond="an appeal was granted").session
    assert "beyond_limit" not in controller.store.events(str(first))[0].data
    told = controller.store.events(str(second))[0].data["beyond_limit"]
    assert told == {"rule": "1 of 1 are used", "why": "an appeal was granted"}


def test_what_was_no_attempt_uses_none_but_keeps_its_number(
    controller: Controller,
) -> None:
    under(controller, TWICE)
    server = FakeServer(controller.home)
    server.fault("up", "The disk is full.")
    assert begin(controller).session is None
    server.fault("up", None)
    void(controller, str(begin(controller).session), "the wrong lab")
    begin(controller)
    last = begin(controller).session
    assert controller.store.session(str(last)).attempt == 4
    assert begin(controller).session is None


def test_practice_uses_up_nothing_of_assessment(controller: Controller) -> None:
    under(controller, Policy(assessment=Attempts(1)))
    assert begin(controller, "practice").session
    assert begin(controller, "practice").session
    assert begin(controller).session
    assert begin(controller).session is None


def test_two_starts_at_once_are_not_both_the_last(controller: Controller) -> None:
    under(controller, Policy(assessment=Attempts(1)))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: begin(controller), range(4)))
    assert sum(each.session is not None for each in found) == 1


@pytest.mark.parametrize(
    "today, told",
    [
        (date(2026, 3, 1), "the last was on 2026-03-01, and the next may be from 2026-03-08 on"),
        (date(2026, 3, 7), "the last was on 2026-03-01"),
        (date(2026, 3, 8), ""),
        (date(2026, 2, 1), "the last was on 2026-03-01"),  # a clock that was set back
    ],
)
def test_days_have_to_pass_after_the_last(
    monkeypatch: pytest.MonkeyPatch, today: date, told: str
) -> None:
    at = "2026-03-01T12:00:00.000000Z"
    made = SessionRecord(
        "aaaaa2", "amy", "notes", "d", 7, "assessment", 1, "stopped", "p", at, at, None, 1, "h", 0
    )
    earlier = replace(made, created="2026-01-01T12:00:00.000000Z")
    found = refusal(Attempts(None, 7), [earlier, made], today)
    assert told in found
    assert bool(told) == bool(found)
    assert refusal(Attempts(None, 7), [], today) == ""


def test_a_cool_off_refuses_a_second_attempt_on_the_same_day(controller: Controller) -> None:
    under(controller, Policy(assessment=Attempts(None, 1)))
    assert begin(controller).session
    assert "the next may be from" in begin(controller).problem


# ------------------------------------------------------------------ the other rules


def test_a_session_keeps_the_rules_that_it_began_under(controller: Controller) -> None:
    under(controller, Policy(hints=("assessment",), check=()))
    code = str(begin(controller).session)
    under(controller, Policy())
    session = record.load(controller.store, code)
    assert session.policy == Policy(hints=("assessment",), check=())
    assert "Hints:" in task_sheet(session)
    with pytest.raises(UsageError, match="allows no look at work in assessment") as caught:
        check(controller, code)
    assert f"labctl submit {code}" in caught.value.hint
    assert controller.store.audit(code) == ()


class Disturbing(Scripted):
    harmless: ClassVar[bool] = False


def test_what_may_run_while_people_work_is_policy_but_for_what_changes_a_host() -> None:
    def one(name: str, **options: Any) -> PlannedCheck:
        made = planned(name, looks_at("a"), **options)
        return replace(made, check=Disturbing(script=looks_at("a"))) if "loud" in name else made

    checks = (
        one("quiet"),
        one("loud"),
        one("needs-loud", needs=("loud",)),
        one("changes", changes=True),
        one("loud-after", phase=Phase.AFTER_RESTART),
    )
    checks = (checks[0], checks[1], replace(checks[2], check=checks[0].check), *checks[3:])
    assert at_work(checks) == {"quiet"}
    assert at_work(checks, "all") == {"quiet", "loud", "needs-loud"}


def test_a_session_from_before_there_were_policies_ran_as_by_default(
    controller: Controller,
) -> None:
    code = str(begin(controller).session)
    made = controller.store.session(code)
    bare = NewSession("bilal", "notes", made.lab_digest, 7, "practice", made.plan)
    old = controller.store.create_session(bare, "tester").code
    assert record.load(controller.store, old).policy == Policy()


def test_a_policy_that_is_lost_is_found_by_the_audit(controller: Controller) -> None:
    code = str(begin(controller).session)
    digest = controller.store.events(code)[0].data["policy"]
    (controller.home / "blobs" / digest[:2] / digest[2:]).unlink()
    (problem,) = controller.store.audit(code)
    assert (problem.sequence, digest[:8] in problem.what) == (1, True)


def test_the_command_asks_for_both_halves(labctl: Command) -> None:
    start = ("start", "notes", "--candidate", "amy")
    for half in (["--beyond-limit"], ["--reason", "an appeal"]):
        assert "go together" in labctl(*start, *half, code=2).err
    (labctl.home / "policy.yaml").write_text("format: 1\nattempts: {assessment: {limit: 1}}\n")
    labctl(*start)
    assert "--beyond-limit --reason WHY" in " ".join(labctl(*start, code=2).err.split())
    found = labctl(*start, "--beyond-limit", "--reason", "an appeal", "--json").json
    shown = labctl("show", found[0]["code"]).out
    assert "Incidents" in shown
    assert "an appeal" in shown
