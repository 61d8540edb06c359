"""A lab proves itself, and a lab that is not right any more does not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.marking import Outcome
from labctl.sessions.controller import Controller
from labctl.sessions.record import load
from labctl.sessions.remarking import remark
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.stopping import stop
from labctl.sessions.submission import submit
from labctl.verification import Report, apply_case, mutate, unexplained, verify

LABS = Path(__file__).parent.parent / "labs"

ALWAYS = '''
"""A check that looks at something and passes whatever it sees."""

from checkers.check import ask, passed
from checkers.model import Processes


def always(subject):
    yield from ask(Processes(subject.host))
    return passed(expected="anything", found="something")
'''


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the test labs that a test may spoil."""
    copied = tmp_path / "labs"
    shutil.copytree(LABS, copied)
    return copied


@pytest.fixture
def controller(tmp_path: Path, library: Path) -> Iterator[Controller]:
    with Controller(tmp_path / "home", [library]) as opened:
        yield opened
        for found in opened.store.sessions():
            opened.provider("docker").down(found.code)
        opened.provider("docker").tidy()


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def wrong(report: Report) -> set[str]:
    return {result.case for result in report.results if not result.ok}


def test_a_right_lab_verifies(controller: Controller) -> None:
    report = verify(controller, ["mini"], 1, jobs=2)
    assert report.ok, report
    assert {result.case for result in report.results} >= {"solution", "untouched", "not-persistent"}


def test_a_check_that_always_passes_is_found(controller: Controller, library: Path) -> None:
    lab = library / "networking" / "mini"
    (lab / "checks.py").write_text(ALWAYS)
    weak = "python: checks.py:always\n        marks: 2"
    strong = 'interface: {name: eth0, addresses: ["{{ r1 }}/24"], up: true}\n        marks: 2'
    replace(lab / "lab.yaml", strong, weak)
    assert "untouched" in wrong(verify(controller, ["mini"], 1, cases=["untouched"]))


def test_a_solution_that_lost_a_line_is_found(controller: Controller, library: Path) -> None:
    replace(library / "networking" / "mini" / "cases" / "solution.sh", "ifup eth0\n", "")
    assert wrong(verify(controller, ["mini"], 1, cases=["solution"])) == {"solution"}


def test_remarking_needs_no_docker(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    (begun,) = start(controller, StartRequest("mini", ("c1",), seed=3))
    assert begun.session, begun.problem
    plan = load(controller.store, begun.session).plan
    case = next(case for case in plan.cases if case.name == "not-persistent")
    apply_case(controller, begun.session, case)
    before = submit(controller, begun.session)
    stop(controller, begun.session)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with Controller(controller.home) as offline:
        marked = remark(offline, begun.session)
        assert marked.changes == ()
        assert marked.marking == before
        assert before.outcome == Outcome.NOT_YET
        assert len(offline.store.runs(begun.session)) == 2


def test_a_line_whose_loss_no_check_notices_is_named(controller: Controller, library: Path) -> None:
    solution = library / "networking" / "mini" / "cases" / "solution.sh"
    solution.write_text(solution.read_text() + "touch /idle\ntrue  # unchecked: does nothing\n")
    found = mutate(controller, ["mini"], jobs=2)
    fates = {one.line.text.split()[0]: one.fate for one in found}
    assert fates == {
        "printf": "noticed",
        "ifup": "noticed",
        "touch": "unnoticed",
        "true": "explained",
    }
    assert [one.line.text for one in unexplained(found)] == ["touch /idle"]
    again = mutate(controller, ["mini"], jobs=2, resume=True)
    assert {one.line.text.split()[0]: one.fate for one in again} == fates
    assert [one.resumed for one in again] == [True, True, True, False], "explained are not kept"
    solution.write_text("ifup eth0\n")
    (later,) = mutate(controller, ["mini"], resume=True)
    assert not later.resumed, "the lab has changed"


def test_a_verification_goes_on_where_it_stopped(controller: Controller) -> None:
    first = verify(controller, ["mini"], 1, cases=["solution"])
    again = verify(controller, ["mini"], 1, cases=["solution", "untouched"], resume=True)
    assert first.ok
    assert again.ok
    assert {row.case: row.resumed for row in again.results} == {
        "solution": True,
        "untouched": False,
    }


def test_set_up_is_lent_the_labs_files(controller: Controller, library: Path) -> None:
    lab = library / "networking" / "mini"
    (lab / "files" / "notes").mkdir(parents=True)
    (lab / "files" / "notes" / "a b.txt").write_text("welcome\n")
    setup = lab / "setup" / "pc1.sh"
    setup.write_text(setup.read_text() + 'cp "$LAB_FILES/notes/a b.txt" /etc/welcome\n')
    (begun,) = start(controller, StartRequest("mini", ("c1",)))
    assert begun.session, begun.problem
    placement = load(controller.store, begun.session).placed()
    look = ["sh", "-c", "cat /etc/welcome; ls -d /run/lab-files"]
    done = controller.provider("docker").run(placement, "pc1", look)
    assert done.stdout == b"welcome\n"
    assert b"No such file" in done.stderr
    stop(controller, begun.session)
