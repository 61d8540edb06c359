"""The day before: how many seats fit, and whether every one works."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.errors import ProviderError, UsageError
from labctl.images.library import ImageLibrary
from labctl.library.planning import plan
from labctl.sessions.controller import Controller
from labctl.sessions.starting import StartRequest, start
from labctl.sittings import capacity, preparing
from labctl.sittings.beginning import begin
from labctl.sittings.capacity import Need, forecast, measured, need_of
from labctl.sittings.model import Presence
from labctl.sittings.preparing import Tried, prepare
from labctl.sittings.register import register
from labctl.verification.judging import Mismatch
from tests.fakes.command import LIBRARY
from tests.fakes.provider import FakeServer
from tests.fakes.sittings import kinds, planned
from tests.rig import machine
from tests.rig import plan as bare_plan

MIB, GIB = 1 << 20, 1 << 30
PLENTY = Need(64 * GIB, 100 * GIB, 16.0)


@pytest.fixture(autouse=True)
def plenty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server with room for everybody."""
    monkeypatch.setattr(preparing, "measured", lambda *_: PLENTY)


# ------------------------------------------------------------------ the forecast


def test_what_is_short_says_so() -> None:
    need = Need(100, 10, 0.5)
    assert need.short_of(Need(100, 10, 0.5)) == ""
    assert need.short_of(Need(99, 0, 0.0)) == "memory"
    assert need.short_of(Need(100, 9, 0.0)) == "disk"
    assert need.short_of(Need(100, None, 0.4)) == "processors"
    assert Need(100, None, 1.0).without(need) == Need(0, None, 0.5)


def test_seats_are_taken_in_order_and_those_that_do_not_fit_wait() -> None:
    labs = {
        "small": ("docker", Need(256 * MIB, 64 * MIB, 0.1)),
        "vm": ("libvirt", Need(GIB, GIB, 0.5)),
    }
    seats = ["small"] * 24 + ["vm"] * 6
    found = forecast(Need(6 * GIB + 512 * MIB, 100 * GIB, 16.0), seats, labs)
    assert (found.fit, found.wait, found.short_of) == (24, 6, "memory")
    assert [(each.lab, each.seats, each.most) for each in found.labs] == [
        ("small", 24, 26),
        ("vm", 6, 6),
    ]
    # A smaller seat goes in where a large one has to wait.
    mixed = forecast(Need(GIB + 256 * MIB, None, 16.0), ["vm", "vm", "small"], labs)
    assert (mixed.fit, mixed.wait) == (2, 1)
    nothing = forecast(Need(0, 0, 0.0), seats, labs)
    assert (nothing.fit, nothing.wait, nothing.short_of) == (0, 30, "memory")
    assert forecast(PLENTY, [], {"none": ("docker", Need(0, 0, 0.0))}).labs[0].most == capacity.MOST


def test_what_a_seat_takes_is_what_its_lab_declares() -> None:
    images = ImageLibrary()
    default = images.image("host").defaults
    two = bare_plan(["lan"], machine("a", "lan"), machine("b", "lan"))
    found = need_of(two, images)
    assert found.memory == 2 * default.memory
    assert found.disk == 2 * capacity.WRITTEN_BY_CONTAINER
    assert found.processors == 2 * default.cpus / capacity.SHARED_BY_CONTAINERS
    real = need_of(bare_plan(["lan"], machine("a", "lan", image="machine")), images)
    assert real.disk == capacity.WRITTEN_BY_MACHINE
    assert real.processors == images.image("machine").defaults.cpus / capacity.SHARED_BY_MACHINES


def test_every_lab_of_the_library_has_a_need() -> None:
    with Controller(LIBRARY, []) as controller:
        for entry in controller.library.list():
            found = need_of(plan(controller.library.lab(entry.id), 1), ImageLibrary())
            assert found.memory > 0, entry.id
            assert (found.disk or 0) > 0, entry.id


def test_what_is_free_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable: 2097152 kB\n")
    monkeypatch.setattr("os.getloadavg", lambda: (0.5, 0.0, 0.0))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    found = measured(50 * GIB, 0.5, meminfo)
    assert found.memory == 2 * GIB - capacity.SPARE_MEMORY
    assert found.disk == 40 * GIB  # a tenth of the 100 GiB is never given out
    assert found.processors == 1.5
    monkeypatch.setattr("os.getloadavg", lambda: (9.0, 0.0, 0.0))
    assert measured(None, 1.0, meminfo) == Need(found.memory, None, 0.0)
    assert measured(GIB, 0.05, meminfo).disk == 0
    meminfo.write_text("nothing")
    with pytest.raises(ProviderError, match="does not say"):
        measured(GIB, 0.5, meminfo)
    assert measured(GIB, 0.5).memory > 0


# ------------------------------------------------------------------ prepare


def test_without_a_pre_flight_nothing_is_touched(
    controller: Controller, server: FakeServer, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = prepare(controller, code)
    assert (found.forecast.fit, found.forecast.wait, found.tried) == (3, 0, ())
    assert found.ok
    assert kinds(controller, code) == ["sitting.planned"]
    assert server.sessions() == []
    monkeypatch.setattr(preparing, "measured", lambda *_: Need(0, 0, 0.0))
    assert not prepare(controller, code).ok


def test_a_pre_flight_tries_every_seat_and_counts_as_nothing(
    controller: Controller, server: FakeServer, code: str
) -> None:
    told: list[Tried] = []
    found = prepare(controller, code, pre_flight=True, progress=told.append)
    assert [(each.label, each.problem) for each in found.tried] == [
        ("A1", ""),
        ("A2", ""),
        ("A3", ""),
    ]
    assert sorted(each.label for each in told) == ["A1", "A2", "A3"]
    assert all(each.at for each in found.tried)
    assert controller.store.sessions() == ()
    assert server.sessions() == []
    assert kinds(controller, code) == ["sitting.planned", *["seat.tried"] * 3]
    begin(controller, code, ["C1"])
    (row,) = controller.store.sessions()
    assert row.attempt == 1


def test_a_seat_that_fails_is_named_with_its_cure(
    controller: Controller, server: FakeServer, code: str
) -> None:
    server.fault("up", "There is no image `host`.")
    found = prepare(controller, code, pre_flight=True)
    assert not found.ok
    assert {(each.problem, each.cure) for each in found.tried} == {
        ("There is no image `host`.", "Mend it.")
    }
    server.fault("up", None)
    assert prepare(controller, code, pre_flight=True).ok


def test_a_program_that_does_not_end_is_a_seat_that_fails(
    controller: Controller, server: FakeServer
) -> None:
    code = planned(controller, "C1", labs=("notes",))
    server.fault("slow", "")
    (one,) = prepare(controller, code, pre_flight=True).tried
    assert one.problem
    assert one.cure


def test_a_lab_that_is_not_untouched_is_named(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = (Mismatch("files/a", "failed", "passed"),)
    monkeypatch.setattr(preparing, "judge", lambda *_: wrong)
    found = prepare(controller, code, pre_flight=True).tried[0]
    assert found.problem == "files/a should have failed untouched, found passed"
    assert "labctl labs verify moves" in found.cure


@pytest.mark.parametrize("words", ["the host does not answer", ""])
def test_a_time_that_is_over_is_a_seat_that_fails(
    controller: Controller, code: str, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    def late(*_: object) -> None:
        raise TimeoutError(words)

    monkeypatch.setattr(preparing, "carry_out", late)
    found = prepare(controller, code, pre_flight=True)
    assert {each.problem for each in found.tried} == {words or "it took too long"}
    assert "try again" in found.tried[0].cure


def test_who_has_begun_or_is_absent_needs_no_seat(controller: Controller, code: str) -> None:
    begin(controller, code, ["C1"])
    register(controller, code, ["C2"], Presence.ABSENT)
    found = prepare(controller, code, pre_flight=True)
    assert found.forecast.fit == 1
    assert [each.label for each in found.tried] == ["A3"]


def test_what_will_stop_somebody_is_said_the_day_before(
    controller: Controller, server: FakeServer
) -> None:
    controller.home.mkdir()
    (controller.home / "policy.yaml").write_text("format: 1\nattempts:\n  assessment: {limit: 1}\n")
    start(controller, StartRequest("moves", ("C2",)))
    code = planned(controller)
    told = prepare(controller, code).warnings
    assert any("Nobody has approved `moves` as it is now" in each for each in told)
    assert any(each.startswith("C2: the policy refuses one more attempt") for each in told)
    controller.store.sittings.append(
        code,
        "seat.tried",
        {
            "seat": "A1",
            "candidate": "C1",
            "lab": "moves",
            "digest": "old",
            "seconds": 1.0,
            "problem": "",
            "cure": "",
        },
        "tester",
    )
    told = prepare(controller, code).warnings
    assert "`moves` has changed since it was tried at A1: try it again" in told
    server.fault("far", "")
    assert prepare(controller, code).forecast.fit == 3


@pytest.mark.parametrize("rule, told", [("off", 0), ("warn", 1), ("required", 1)])
def test_an_approval_that_lacks_is_said_by_the_policy(
    controller: Controller, code: str, rule: str, told: int
) -> None:
    (controller.home / "policy.yaml").write_text(f"format: 1\napproved_labs: {rule}\n")
    found = [each for each in prepare(controller, code).warnings if "approve" in each]
    assert len(found) == told
    assert any("The policy demands it." in each for each in found) is (rule == "required")
    if rule == "required":
        with pytest.raises(UsageError, match="demands it"):
            begin(controller, code, ["C1"])


def test_a_sitting_that_has_ended_is_not_prepared(controller: Controller, code: str) -> None:
    controller.store.sittings.append(code, "x", {}, "tester", stage="ended")
    with pytest.raises(UsageError, match="has ended"):
        prepare(controller, code)
