"""A `browse` probe: what is run for it, on which hosts only, and what counts as its answer."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from checkers import codec
from checkers.browser_host import LIMIT, command
from checkers.browsing import Browse, BrowseResult, Picture, Step
from checkers.engine import Wanted
from checkers.model import Blame, Inside, LabHost, Observation, ProgramResult, Vantage
from checkers.remote import RemoteObserver, Whereabouts

HOSTS = (LabHost("www", "root"), LabHost("examiner", "none"))
SEEN = {"outcome": "loaded", "url": "http://w/", "status": 200}
PNG = b"\x89PNG"


def browse(run: Callable[[Inside], ProgramResult], host: str = "examiner") -> Observation:
    observer = RemoteObserver(HOSTS, Whereabouts({}, {}), lambda *_: None, run)  # type: ignore[arg-type]
    return observer.observe([Wanted(Browse(host, "http://w/"), ("a",))])[0]


def printed(text: str, exit_: int = 0, stderr: str = "") -> Callable[[Inside], ProgramResult]:
    return lambda _: ProgramResult(exit_, text.encode(), stderr.encode())


def test_the_driver_is_run_by_nobody_with_the_probe_as_its_input() -> None:
    asked: list[Inside] = []

    def run(probe: Inside) -> ProgramResult:
        asked.append(probe)
        return ProgramResult(0, json.dumps(SEEN).encode(), b"")

    seen = browse(run)
    assert seen.vantage is Vantage.OUTSIDE
    assert seen.result == BrowseResult("loaded", url="http://w/", status=200)
    assert (asked[0].user, asked[0].host, asked[0].limit) == ("nobody", "examiner", LIMIT)
    assert codec.probe_from_json(json.loads(asked[0].stdin)) == Browse("examiner", "http://w/")
    assert asked[0].timeout > Browse("x", "y").timeout


def test_a_host_that_the_candidate_can_enter_is_never_believed() -> None:
    def run(_: Inside) -> ProgramResult:
        raise AssertionError("it was run")

    seen = browse(run, "www")
    assert seen.failure is not None
    assert "the candidate can enter it" in seen.failure.reason


@pytest.mark.parametrize(
    "run, says",
    [
        (printed("", 127, "sh: not found"), "has no browser: give it the image"),
        (printed("", 2, "python3: can't open file '/opt/x'"), "has no browser"),
        (
            printed("", 1, "Traceback\naxe-core failed: x"),
            "could not be looked at: axe-core failed",
        ),
        (printed("", 1), "could not be looked at: exit 1"),
        (printed("{"), "Expecting"),
        (printed('{"outcome": "well"}'), "outcome"),
        (printed("null"), "missing"),
        (lambda _: ProgramResult(0, json.dumps(SEEN).encode(), b"", truncated=True), "exit 0"),
    ],
)
def test_whatever_else_it_prints_is_no_answer(
    run: Callable[[Inside], ProgramResult], says: str
) -> None:
    seen = browse(run)
    assert seen.result is None
    assert seen.failure is not None
    assert says in seen.failure.reason
    assert seen.failure.blame is Blame.MACHINERY


def test_a_driver_that_does_not_end_is_an_error() -> None:
    def run(_: Inside) -> ProgramResult:
        raise TimeoutError

    failure = browse(run).failure
    assert failure is not None
    assert "did not end in time" in failure.reason


def test_probe_and_result_come_back_from_json() -> None:
    probe = Browse("examiner", "http://w/", steps=(Step("type", "#a", "b"),), pictures=(360,))
    assert codec.probe_from_json(codec.probe_to_json(probe)) == probe
    result = BrowseResult("loaded", pictures=(Picture(360, 800, PNG),))
    seen = Observation(probe, Vantage.OUTSIDE, 1.0, result)
    assert codec.observation_from_json(codec.observation_to_json(seen)) == seen
    assert command(probe).argv[0] == "python3"


def test_probes_about_one_page_are_answered_by_one_visit() -> None:
    looks = Browse("examiner", "http://w/", selectors=("h1",), styles=("color",), pictures=(360,))
    walk = Browse("examiner", "http://w/", selectors=("p",), walk=True, stops=("a",))
    other_way = Browse("examiner", "http://w/", walk=True, stops=("b",))
    audit = Browse("examiner", "http://w/", audit=True, layouts=(360,))
    other_page = Browse("examiner", "http://w/x")
    asked: list[Browse] = []

    def run(probe: Inside) -> ProgramResult:
        wanted = codec.probe_from_json(json.loads(probe.stdin))
        assert isinstance(wanted, Browse)
        asked.append(wanted)
        element = {"tag": "x", "text": "", "styles": [(name, "y") for name in wanted.styles]}
        seen = SEEN | {
            "found": [
                {"selector": one, "count": 1, "elements": [element]} for one in wanted.selectors
            ],
            "stops": [{"element": "a", "fits": [0]}] if wanted.walk else [],
            "audited": wanted.audit,
            "layouts": [{"width": width, "content": width} for width in wanted.layouts],
            "pictures": [{"width": width, "height": 1, "png": ""} for width in wanted.pictures],
        }
        return ProgramResult(0, json.dumps(seen).encode(), b"")

    probes = [looks, walk, other_way, audit, other_page]
    observer = RemoteObserver(HOSTS, Whereabouts({}, {}), lambda *_: None, run)  # type: ignore[arg-type]
    found = observer.observe([Wanted(probe, ("a",)) for probe in probes])
    assert [seen.probe for seen in found] == probes
    assert sorted(len(one.selectors) for one in asked) == [0, 0, 2]
    alone = [browse_alone(run, probe) for probe in probes]
    assert [seen.result for seen in found] == alone


def browse_alone(run: Callable[[Inside], ProgramResult], probe: Browse) -> object:
    observer = RemoteObserver(HOSTS, Whereabouts({}, {}), lambda *_: None, run)  # type: ignore[arg-type]
    return observer.observe([Wanted(probe, ("a",))])[0].result


def test_a_visit_that_comes_to_nothing_is_tried_for_each_by_itself() -> None:
    good = Browse("examiner", "http://w/")
    bad = Browse("examiner", "http://w/", audit=True)

    def run(probe: Inside) -> ProgramResult:
        wanted = codec.probe_from_json(json.loads(probe.stdin))
        if isinstance(wanted, Browse) and wanted.audit:
            return ProgramResult(1, b"", b"axe-core failed")
        return ProgramResult(0, json.dumps(SEEN).encode(), b"")

    observer = RemoteObserver(HOSTS, Whereabouts({}, {}), lambda *_: None, run)  # type: ignore[arg-type]
    first, second = observer.observe([Wanted(probe, ("a",)) for probe in (good, bad)])
    assert first.result is not None
    assert second.failure is not None
