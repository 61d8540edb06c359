"""The room kit of a real sitting: PINs once, names only where they may stand, values once drawn."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from labctl.centre.account import Account
from labctl.sessions.controller import Controller
from labctl.sittings import kit as kits
from labctl.sittings.issuing import pin_fits
from labctl.sittings.kit import INVIGILATOR, LARGE, REGISTER, SHEETS, SLIPS
from tests.fakes.command import LIBRARY, Command

ROSTER = """\
Candidate code,Name,Cohort,Extra time,Access arrangements
C101,Amy Jones,A,,
C102,Bilal Khan,A,25,a reader
"""


@pytest.fixture
def sitting(labctl: Command, tmp_path: Path) -> str:
    roster = tmp_path / "roster.csv"
    roster.write_text(ROSTER)
    labctl("people", "import", str(roster))
    planned = labctl(
        *("sitting", "new", "--day", "2037-03-14", "--start", "09:30", "--until", "11:00"),
        *("--room", "Room 12", "--lab", "notes", "--cohort", "A", "--json"),
    ).json
    return str(planned["sitting"]["code"])


def pins(folder: Path) -> list[str]:
    found = re.findall(r'pin">(\w{3}) (\w{3})<', (folder / SLIPS).read_text())
    return ["".join(each) for each in found]


def fits(labctl: Command, sitting: str, label: str, pin: str) -> bool:
    with Controller(labctl.home, [LIBRARY]) as controller:
        return pin_fits(controller.store, sitting, label, pin)


def test_the_kit_is_written_for_its_owner_alone(labctl: Command, sitting: str) -> None:
    said = labctl("sitting", "kit", sitting, "kit")
    folder = Path("kit")
    assert {each.name for each in folder.iterdir()} == {SLIPS, REGISTER, INVIGILATOR, SHEETS, LARGE}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in folder.iterdir())
    assert len(said.out.splitlines()) == 5
    assert "2 new PINs" in said.err
    assert "Values are not drawn yet" in said.err
    told = (folder / REGISTER).read_text()
    assert "Amy Jones" in told
    assert "25 % extra time, a reader" in told
    for name in (SLIPS, INVIGILATOR, SHEETS, LARGE):
        assert "Jones" not in (folder / name).read_text()


def test_a_pin_is_printed_once_and_replaced_on_demand(labctl: Command, sitting: str) -> None:
    labctl("sitting", "kit", sitting, "kit")
    first = pins(Path("kit"))
    assert len(first) == 2
    assert fits(labctl, sitting, "A1", first[0])
    said = labctl("sitting", "kit", sitting, "kit")
    assert "kit-2/register.html" in said.out
    assert not (Path("kit-2") / SLIPS).exists()
    assert "No slip for A1, A2: a PIN is on paper already." in " ".join(said.err.split())
    assert fits(labctl, sitting, "A1", first[0])

    labctl("sitting", "kit", sitting, "kit", "--new-pins", "--candidate", "C102")
    (other,) = pins(Path("kit-3"))
    assert fits(labctl, sitting, "A1", first[0])
    assert not fits(labctl, sitting, "A2", first[1])
    assert fits(labctl, sitting, "A2", other)


def test_once_values_are_drawn_the_sheets_have_them(labctl: Command, sitting: str) -> None:
    labctl("sitting", "kit", sitting, "before")
    before = (Path("before") / SHEETS).read_text()
    assert before.count("Some values are your own") == 2
    labctl("sitting", "register", sitting, "C101", "present")
    labctl("sitting", "begin", sitting)
    made = labctl("sitting", "kit", sitting, "after", "--json").json
    assert made["own"] == ["A1"]
    told = (Path("after") / SHEETS).read_text()
    assert told.count("Some values are your own") == 1
    (session,) = labctl("sessions", "--json").json
    assert f"labctl console {session['code']} desk" in told
    only = labctl("sitting", "kit", sitting, "one", "--candidate", "C101", "--json").json
    assert (only["held"], only["own"]) == (["A1"], ["A1"])
    assert "C102" not in (Path("one") / LARGE).read_text()


def test_somebody_who_may_not_see_names_gets_no_register(labctl: Command, sitting: str) -> None:
    labctl("staff", "add", "daemon", "--name", "Tess", "--role", "technician")
    labctl.account = Account("daemon", 1)
    said = labctl("sitting", "kit", sitting, "kit")
    assert not (Path("kit") / REGISTER).exists()
    assert "No register" in said.err
    assert "Jones" not in "".join(each.read_text() for each in Path("kit").iterdir())
    assert "(+25 %)" in (Path("kit") / INVIGILATOR).read_text()


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["nosuch", "kit"], "nosuch"),
        (["SITTING", "kit", "--candidate", "C999"], "C999"),
        (["SITTING", "kit", "--address", "x" * 81], "at most 80 letters"),
        (["SITTING", "kit", "--address", "a\x1b[2J"], "that can be printed"),
    ],
)
def test_what_cannot_be_printed_is_refused(
    labctl: Command, sitting: str, arguments: list[str], told: str
) -> None:
    words = [sitting if each == "SITTING" else each for each in arguments]
    assert told in labctl("sitting", "kit", *words, code=2).err
    assert not Path("kit").exists()
    assert labctl("sitting", "kit", sitting, "kit", "--json").json["pins"] == ["A1", "A2"]


def test_a_place_that_cannot_be_written_changes_no_pin(labctl: Command, sitting: str) -> None:
    Path("file").touch()
    said = labctl("sitting", "kit", sitting, "file/kit", code=2)
    assert "cannot be written" in said.err
    assert labctl("sitting", "kit", sitting, "kit", "--json").json["held"] == []


def test_pins_that_reached_no_paper_are_told(
    labctl: Command, sitting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(target: Path, _files: object) -> Path:
        raise OSError(28, os.strerror(28), str(target))

    monkeypatch.setattr(kits, "write_folder", full)
    said = " ".join(labctl("sitting", "kit", sitting, "kit", code=2).err.split())
    assert "No space left on device" in said
    assert "The PINs of A1, A2 were made and are on no paper" in said
