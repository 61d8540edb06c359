"""Hosts that their owner has broken, by mistake or on purpose, on real Docker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers.model import Status
from labctl.marking import Outcome
from labctl.providers.base import Provider
from labctl.sessions.controller import Controller
from labctl.sessions.record import Session, State, load, provider_of
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.submission import submit
from labctl.verification import apply_case

LABS = Path(__file__).parent.parent / "labs"

STAGE = """
mv /etc /etc.real && ln -s /etc.real /etc
mkdir /evil && ln -s /proc/sys /evil/hosts && ln -s /proc/sys /evil/hostname
cp /bin/sh /bin/sh.real
cat > /bin/sh.new <<'SCRIPT'
#!/bin/sh.real
[ $$ = 1 ] && ln -sfn /evil /etc
exec /bin/sh.real "$@"
SCRIPT
chmod 755 /bin/sh.new && mv /bin/sh.new /bin/sh
"""


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    with Controller(tmp_path / "home", [LABS]) as opened:
        yield opened
        for found in opened.store.sessions():
            opened.provider("docker").down(found.code)
        opened.provider("docker").tidy()


def begin(controller: Controller) -> tuple[Session, Provider]:
    (begun,) = start(controller, StartRequest("mini", ("c1",), seed=7))
    assert begun.session, begun.problem
    session = load(controller.store, begun.session)
    case = next(case for case in session.plan.cases if case.name == "solution")
    apply_case(controller, begun.session, case)
    return session, provider_of(controller, session)


def test_a_host_whose_first_program_is_gone_is_a_fail_and_ends_no_hand_in(
    controller: Controller,
) -> None:
    session, provider = begin(controller)
    gone = provider.run(session.placed(), "r1", ["/bin/rm", "/bin/sh", "/bin/dash"])
    assert gone.exit == 0
    marking = submit(controller, session.code)
    statuses = {check.check: check.status for check in marking.checks}
    assert statuses == {
        "address": Status.PASSED,
        "reach": Status.PASSED,
        "after": Status.FAILED,
    }
    assert marking.outcome == Outcome.NOT_YET
    assert controller.store.session(session.code).state == State.SUBMITTED


def test_no_link_of_the_candidates_has_another_mount_undone(controller: Controller) -> None:
    session, provider = begin(controller)
    staged = provider.run(session.placed(), "r1", ["/bin/bash", "-ec", STAGE])
    assert staged.exit == 0, staged.stderr
    placement = provider.restart(session.placed(), session.plan, ["r1"])
    if provider.states(placement)["r1"].state != "running":
        return  # it was refused, and does not come up
    asked = ["/bin/bash", "-c", "[ -w /proc/sys/kernel/core_pattern ] && echo open; true"]
    assert provider.run(placement, "r1", asked).stdout == b""
