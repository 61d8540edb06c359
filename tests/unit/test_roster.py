"""Rosters: every spelling that spreadsheets write, every mistake at once, and what is recorded."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.centre import candidates as people
from labctl.centre.candidates import FIELDS, Candidate, candidate_of, person_of
from labctl.centre.cells import CellFault, day, learner_number
from labctl.centre.columns import SPELLINGS, mapping
from labctl.centre.roster import Around, Roster, read_roster
from labctl.errors import RosterError, UnknownName, UsageError
from labctl.library.catalogue import Catalogue, load_catalogue
from labctl.library.surroundings import BUILT_IN
from labctl.sessions.controller import Controller
from tests.fakes.command import LIBRARY, Command

TODAY = date(2026, 3, 1)
CATALOGUE = load_catalogue([BUILT_IN / "catalogue.yaml"])


def uln(number: int) -> str:
    """A learner number with the right check digit, near `number`."""
    while True:
        nine = f"{number:09}"
        rest = sum(int(each) * weight for each, weight in zip(nine, range(10, 1, -1), strict=True))
        if rest % 11:
            return nine + str(10 - rest % 11)
        number += 1


def read(
    content: bytes | str,
    columns: Mapping[str, str] | None = None,
    known: Mapping[str, Candidate] | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> Roster:
    raw = content if isinstance(content, bytes) else content.encode()
    return read_roster(raw, "r.csv", Around(catalogue, known or {}, TODAY, columns or {}))


def faults(content: bytes | str, known: Mapping[str, Candidate] | None = None) -> list[str]:
    with pytest.raises(RosterError) as caught:
        read(content, known=known)
    assert caught.value.exit_code == 3
    return caught.value.message.splitlines()


# ------------------------------------------------------------------ spellings

TEXT = "Candidate code,Name,Date of birth\nC1,José Ångström,03/04/2001\nC2,Zoë O'Hara,2002-01-31\n"
SEEN = (
    Candidate("C1", "José Ångström", birth="2001-04-03"),
    Candidate("C2", "Zoë O'Hara", birth="2002-01-31"),
)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "codec, mark",
    [
        ("utf-8", b""),
        ("utf-8-sig", b""),
        ("utf-16", b""),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("cp1252", b""),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_whatever_a_spreadsheet_writes_is_read(
    separator: str, codec: str, mark: bytes, line_end: str
) -> None:
    text = TEXT.replace(",", separator).replace("\n", line_end)
    found = read(mark + text.encode(codec))
    assert found.candidates == SEEN
    assert found.encoding == ("Windows-1252" if codec == "cp1252" else codec[:6].upper().strip("-"))


def test_excels_line_about_the_separator_is_no_header() -> None:
    found = read("sep=;\r\n" + TEXT.replace(",", ";"))
    assert found.candidates == SEEN
    (fault,) = faults("sep=;\ncode;name\nC1;Amy\nC 2;Bo\n")
    assert fault.startswith("r.csv:4:1: candidate code: `C 2` cannot be")


def test_lines_are_counted_through_cells_of_several_lines_and_empty_rows() -> None:
    text = 'code,name,arrangements\n\nC1,Amy,"a reader,\n"\n,,\nC1,Bo,x\n'
    assert faults(text) == ["r.csv:6:1: candidate code: `C1` is in line 3 too"]
    assert read(text.replace("C1,Bo", "C2,Bo")).candidates[0].arrangements == "a reader,"


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "there is nothing in it"),
        (b"\n\n", "there is nothing in it"),
        (b"PK\x03\x04rest", "it is a workbook, not a text"),
        (b"code,name\nC1,\x81\x8d\n", "neither UTF-8, UTF-16 nor Windows-1252"),
        (b"\xef\xbb\xbfcode,name\nC1,\xff\n", "neither UTF-8, UTF-16 nor Windows-1252"),
        (b"c\0o\0d\0e\0", "neither UTF-8, UTF-16 nor Windows-1252"),
        (b'code,name\nC1,"Amy\n', "r.csv:2: the row cannot be told apart into cells"),
        (b"code,name\n", "there is nobody below the header"),
    ],
)
def test_what_is_no_roster_is_refused(content: bytes, told: str) -> None:
    assert told in faults(content)[0]


def test_a_file_that_is_too_large_for_a_roster_is_refused() -> None:
    assert "larger than 16 MiB" in faults(bytes(17 << 20))[0]


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_bytes_at_all_are_a_fault_of_ours(content: bytes) -> None:
    for head in (b"", b"code,name,uln,dob,units\n"):
        with suppress(RosterError):
            read(head + content)


# ------------------------------------------------------------------ columns


def test_every_field_has_spellings_of_its_own() -> None:
    assert set(SPELLINGS) == set(FIELDS)
    every = [each for spellings in SPELLINGS.values() for each in spellings]
    assert len(every) == len(set(every))


def test_columns_are_mapped_by_name_or_by_choice() -> None:
    text = "Nr.,Vorname,Nachname,E-Mail\nC1,Amy,Jones,x@y\nC2,Bo,,z\n"
    chosen = mapping(("code=Nr.", "name=Vorname + Nachname"))
    found = read(text, chosen)
    assert [each.name for each in found.candidates] == ["Amy Jones", "Bo"]
    assert found.unused == ("E-Mail",)


@pytest.mark.parametrize(
    "header, chosen, told",
    [
        ("Nr,name", {}, "r.csv:1: no column has the candidates' codes. The columns are `Nr`"),
        ("code,name", {"code": "Cod"}, "no column is called `Cod`, which `--map code` names"),
        ("code,a,a", {"name": "a"}, "several columns are called `a`"),
        ("code,Group,Class", {}, "r.csv:1:3: column 2 and column 3 may both be the cohort"),
    ],
)
def test_a_header_that_fits_no_field_is_explained(
    header: str, chosen: dict[str, str], told: str
) -> None:
    with pytest.raises(RosterError) as caught:
        read(f"{header}\nC1,x,y\n", chosen)
    assert told in caught.value.message


def test_the_same_column_may_be_two_fields_by_choice_alone() -> None:
    found = read("code,Group,Class\nC1,Amy,A\n", {"name": "Group"})
    assert (found.candidates[0].name, found.candidates[0].cohort) == ("Amy", "A")


@pytest.mark.parametrize(
    "pairs, told",
    [
        (("name",), "`name` maps nothing"),
        (("name=",), "`name=` maps nothing"),
        (("nam=x",), "No field is called `nam`"),
        (("name=x", "name=y"), "mapped twice"),
    ],
)
def test_a_mapping_that_is_none_is_refused(pairs: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        mapping(pairs)


# ------------------------------------------------------------------ cells


def test_learner_numbers_are_checked() -> None:
    assert learner_number("1000000043") == "1000000043"
    assert learner_number("100 000 0043") == "1000000043"
    good = uln(123_456_789)
    for place in range(10):
        wrong = good[:place] + str((int(good[place]) + 1) % 10) + good[place + 1 :]
        with pytest.raises(CellFault, match="check digit is wrong"):
            learner_number(wrong)
    with pytest.raises(CellFault, match="check digit is wrong"):  # a remainder of 0
        learner_number("0000000000")


@pytest.mark.parametrize(
    "text, found",
    [
        ("2001-04-03", date(2001, 4, 3)),
        ("2001-04-03 00:00:00", date(2001, 4, 3)),
        ("2001-04-03T00:00", date(2001, 4, 3)),
        ("03/04/2001", date(2001, 4, 3)),
        ("3/4/2001", date(2001, 4, 3)),
        ("29/02/2004", date(2004, 2, 29)),
    ],
)
def test_days_that_are_certain_are_read(text: str, found: date) -> None:
    assert day(text) == found


@pytest.mark.parametrize(
    "text, told",
    [
        ("03.04.2001", "which part is the month is not guessed"),
        ("03-04-2001", "which part is the month is not guessed"),
        ("04/25/2001", "has no month 25: the day comes first here"),
        ("03/04/01", "a year of two digits"),
        ("3.4.01", "a year of two digits"),
        ("36984", "a spreadsheet's number for a day"),
        ("36984.0", "a spreadsheet's number for a day"),
        ("2001-02-30", "no day of the calendar"),
        ("31/04/2001", "no day of the calendar"),
        ("30/30/2001", "no day of the calendar"),
        ("3 April 2001", "is no date"),
        ("٠٣/٠٤/٢٠٠١", "is no date"),
        ("2001-04-03 10:30", "is no date"),
    ],
)
def test_days_that_are_not_certain_are_not_guessed(text: str, told: str) -> None:
    with pytest.raises(CellFault, match=told) as caught:
        day(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "column, cell, told",
    [
        ("code", "Amy Jones", "cannot be a candidate's code"),
        ("code", "", "there is no code"),
        ("name", "", "`C1` has no name"),
        ("name", "A\x07my", "characters that cannot be shown"),
        ("name", "x" * 201, "201 characters long"),
        ("name", "#REF!", "an error of the spreadsheet"),
        ("uln", "1E+09", "shortened by a spreadsheet"),
        ("uln", "1,00E+09", "shortened by a spreadsheet"),
        ("uln", "12345", "ten digits"),
        ("enrolment", "1.2E+12", "shortened by a spreadsheet"),
        ("dob", "2030-01-01", "cannot be anybody's date of birth"),
        ("dob", "1850-01-01", "cannot be anybody's date of birth"),
        ("registered", "yesterday", "is no date"),
        ("registered", "2000-12-31", "before the date of birth"),
        ("qualification", "4520-3", "the catalogue has no qualification `4520-3`. Did you mean"),
        ("units", "hardware-l3; hardware-l9", "the catalogue has no unit `hardware-l9`"),
        ("extra time", "a quarter", "no percentage"),
        ("extra time", "250 %", "no percentage"),
        ("rest breaks", "perhaps", "neither yes nor no"),
        ("arrangements", "x" * 501, "501 characters long"),
    ],
)
def test_a_cell_that_makes_no_sense_is_named(column: str, cell: str, told: str) -> None:
    header = [*["code", "name", "uln", "enrolment", "dob", "registered", "qualification", "units"]]
    header += ["extra time", "rest breaks", "arrangements"]
    values = {"code": "C1", "name": "Amy", "dob": "2001-04-03"} | {column: cell}
    out = io.StringIO()
    csv.writer(out).writerows([header, [values.get(each, "") for each in header]])
    (fault,) = faults(out.getvalue())
    assert fault.startswith(f"r.csv:2:{header.index(column) + 1}: ")
    assert told in fault


def test_all_fields_are_read() -> None:
    text = (
        "code,name,cohort,uln,dob,enrolment,registered,qualification,units,"
        "extra time,rest breaks,access arrangements\n"
        "C1,Amy  Jones,2026-A,1000000043,2001-04-03,ABC0012,2026-01-31,501/1788/9,"
        '"hardware-l3; A/601/3293, hardware-l3",25 %,Yes,"a reader, large print"\n'
    )
    (found,) = read(text).candidates
    assert found == Candidate(
        code="C1",
        name="Amy Jones",
        cohort="2026-A",
        learner_number="1000000043",
        birth="2001-04-03",
        enrolment="ABC0012",
        registered="2026-01-31",
        qualification="4520-03",
        units=("hardware-l3", "fault-diagnosis-l3"),
        extra_time=25,
        rest_breaks=True,
        arrangements="a reader, large print",
    )
    assert found.access == "25 % extra time, rest breaks, a reader, large print"
    assert candidate_of(person_of(found)) == found
    assert person_of(Candidate("C1", "Amy")).data == {}


def test_a_row_with_cells_beyond_the_header_is_named() -> None:
    (fault,) = faults("code,name\nC1,Jones, Amy\n")
    assert fault.startswith("r.csv:2:3: the row has more cells than the header")
    assert read("code,name\nC1,Amy,,\n").candidates[0].name == "Amy"


# ------------------------------------------------------------------ what is doubtful


@pytest.mark.parametrize(
    "registered, qualification, told",
    [
        ("2026-09-05", "4520-03", ["2026-09-05 is still to come", "is too late: registration"]),
        ("2025-09-05", "4520-03", []),
        ("", "4520-03", []),
        ("", "4520-04", ["ended on 2023-12-31, and there is no registration date"]),
        ("2024-01-01", "4520-04", ["2024-01-01 is too late: registration for `4520-04` ended on"]),
        ("2020-01-01", "4520-04", []),
    ],
)
def test_past_the_last_dates_there_is_a_warning(
    registered: str, qualification: str, told: list[str]
) -> None:
    text = f"code,name,registered,qualification\nC1,Amy,{registered},{qualification}\n"
    found = read(text).warnings
    assert len(found) == len(told)
    assert all(part in each.message for part, each in zip(told, found, strict=True))


def test_after_the_last_certification_that_is_what_counts() -> None:
    around = Around(CATALOGUE, {}, date(2027, 1, 1))
    text = b"code,name,registered,qualification\nC1,Amy,2020-01-01,4520-04\n"
    (warning,) = read_roster(text, "r.csv", around).warnings
    assert "certification for `4520-04` ended on 2026-12-31" in warning.message


def test_a_unit_of_another_qualification_is_doubtful() -> None:
    unit = CATALOGUE.units["hardware-l3"].model_copy(update={"qualification": "4520-02"})
    catalogue = replace(CATALOGUE, units={"hardware-l3": unit})
    text = "code,name,qualification,units\nC1,Amy,4520-03,hardware-l3\n"
    (warning,) = read(text, catalogue=catalogue).warnings
    assert "is a unit of `4520-02`, not `4520-03`" in warning.message


# ------------------------------------------------------------------ what is known already


def test_a_missing_column_keeps_what_is_known_and_an_empty_cell_does_not() -> None:
    known = {"C1": Candidate("C1", "Amy", "A", extra_time=25, birth="2001-04-03")}
    (found,) = read("code,cohort,extra time\nC1,,10\n", known=known).candidates
    assert found == Candidate("C1", "Amy", "", extra_time=10, birth="2001-04-03")
    assert faults("code,name\nC1,\n", known) == ["r.csv:2:2: name: `C1` has no name"]
    (fault,) = faults("code,cohort\nC2,A\n", known)
    assert "`C2` has no name" in fault


def test_a_number_that_another_has_is_refused_and_one_that_moves_is_not() -> None:
    one, two = uln(100_000_001), uln(200_000_002)
    known = {
        "C1": Candidate("C1", "Amy", learner_number=one),
        "C2": Candidate("C2", "Bo", learner_number=two),
    }
    (fault,) = faults(f"code,name,uln\nC3,Cy,{one}\n", known)
    assert f"`{one}` is on record for `C1`" in fault
    swapped = f"code,uln\nC1,{two}\nC2,{one}\n"
    assert [each.learner_number for each in read(swapped, known=known).candidates] == [two, one]
    (fault,) = faults(f"code,name,uln\nC3,Cy,{one}\nC4,Di,{one}\n")
    assert fault == f"r.csv:3:3: learner number: `{one}` is in line 2 too"


# ------------------------------------------------------------------ a whole roster

SEVENTEEN: dict[int, tuple[int, str, str]] = {
    7: (1, "", "there is no code"),
    19: (2, "", "has no name"),
    101: (3, "1000000044", "check digit is wrong"),
    102: (3, "1E+09", "shortened by a spreadsheet"),
    250: (4, "03.04.2001", "is not guessed"),
    251: (4, "04/25/2001", "no month 25"),
    252: (4, "36984", "spreadsheet's number for a day"),
    500: (4, "31/02/2001", "no day of the calendar"),
    777: (5, "31/12/25", "two digits"),
    800: (6, "4520-3", "no qualification"),
    801: (7, "hardware-l9", "no unit"),
    900: (8, "a lot", "no percentage"),
    1200: (9, "perhaps", "neither yes nor no"),
    1400: (1, "C0003", "is in line 4 too"),
    1401: (3, uln(100_000_002), "is in line 3 too"),
    1999: (2, "#N/A", "an error of the spreadsheet"),
    2001: (1, "Amy Jones", "cannot be a candidate's code"),
}
"""Line → column, what stands there, and what is said of it."""

HEADER = (
    "code",
    "name",
    "uln",
    "dob",
    "registered",
    "qualification",
    "units",
    "extra time",
    "rest breaks",
)


def cohort(wrong: Mapping[int, tuple[int, str, str]]) -> bytes:
    """2,000 candidates, as Excel writes them where the comma is for decimals."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for line in range(2, 2002):
        row = [f"C{line - 1:04}", f"Zoë Ångström {line}", uln(100_000_000 + 11 * (line - 3) + 2)]
        row += ["03/04/2001", "2026-01-31", "4520-03", "hardware-l3", "25 %", "no"]
        if line == 3:
            row[2] = uln(100_000_002)
        if line in wrong:
            row[wrong[line][0] - 1] = wrong[line][1]
        writer.writerow(row)
    return out.getvalue().encode("utf-16")


@pytest.fixture(scope="module")
def big() -> bytes:
    return cohort({})


def test_a_roster_of_2000_with_17_faults_names_each_and_imports_nothing(
    labctl: Command, tmp_path: Path, big: bytes
) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(cohort(SEVENTEEN))
    said = labctl("people", "import", str(path), code=3)
    told = [
        line for line in said.err.removeprefix("error: ").splitlines() if line.startswith(str(path))
    ]
    assert len(told) == len(SEVENTEEN) == 17
    for line, (number, (column, _, what)) in zip(told, SEVENTEEN.items(), strict=True):
        assert line.startswith(f"{path}:{number}:{column}: ")
        assert what in line
    assert "Nothing was imported" in said.err
    assert labctl("people", "list", "--json").json == []
    assert labctl("centre", "log", "--json").json == []

    path.write_bytes(big)
    labctl("people", "import", str(path))
    assert len(labctl("people", "list", "--json").json) == 2000


# ------------------------------------------------------------------ the command

ROSTER = """\
code,name,cohort,uln,dob,extra time
C1,Amy Jones,A,1000000043,2001-04-03,25
C2,Bilal Khan,A,,2002-01-31,
C3,Carol Smith,B,,,
"""


@pytest.fixture
def roster(labctl: Command, tmp_path: Path) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text(ROSTER)
    labctl("people", "import", str(path))
    return path


def test_the_log_has_codes_and_the_table_alone_has_names(labctl: Command, roster: Path) -> None:
    (event,) = labctl("centre", "log", "--json").json
    assert event["data"]["added"] == ["C1", "C2", "C3"]
    assert event["data"]["rows"] == 3
    assert not re.search("Jones|1000000043|2001", json.dumps(event["data"]))
    assert "a roster of 3 was imported: 3 added, 0 changed" in labctl("centre", "log").out
    assert labctl("audit").code == 0


def test_importing_again_updates_and_a_dry_run_says_how(labctl: Command, roster: Path) -> None:
    roster.write_text(
        "code,name,extra time,rest breaks\nC1,Amy Jones-Lee,,yes\nC2,Bilal Khan,,\nC4,Di Wu,,\n"
    )
    said = labctl("people", "import", str(roster), "--dry-run")
    shown = " ".join(said.out.split())
    assert "C4 new Di Wu" in shown
    assert "name: Amy Jones → Amy Jones-Lee" in shown
    assert "extra time: 25 → nothing; rest breaks: nothing → yes" in shown
    assert "C2" not in said.out
    assert (
        "3 rows: would be 1 added, 1 changed, 1 as they were; 1 more on record, not in this roster."
        in said.err
    )
    assert [each["code"] for each in labctl("people", "list", "--json").json] == ["C1", "C2", "C3"]

    done = labctl("people", "import", str(roster), "--json").json
    assert (done["recorded"], done["changed"][0]["code"], done["absent"]) == (True, "C1", 1)
    one = labctl("people", "show", "C1", "--json").json
    assert (one["name"], one["cohort"], one["extra_time"], one["rest_breaks"]) == (
        "Amy Jones-Lee",
        "A",
        0,
        True,
    )
    again = labctl("people", "import", str(roster), "--json").json
    assert again["recorded"] is False
    assert len(labctl("centre", "log", "--json").json) == 2


def test_people_are_listed_shown_and_erased(
    labctl: Command, roster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Carol" not in labctl("people", "list", "--cohort", "A").out
    assert "25 % extra time" in labctl("people", "list").out
    assert "No cohort is called `C`" in labctl("people", "list", "--cohort", "C", code=2).err
    code = labctl.start("C1")
    shown = labctl("people", "show", "C1").out
    assert code in shown
    assert "2001-04-03" in shown
    assert labctl("people", "show", "C1", "--json").json["sessions"] == [code]
    assert "C9" in labctl("people", "show", "C9", code=2).err

    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert "goes away for good" in labctl("people", "erase", "C1", code=130).err
    assert "No person is called `C9`" in labctl("people", "erase", "C1", "C9", "--yes", code=2).err
    assert len(labctl("people", "list", "--json").json) == 3
    labctl("people", "erase", "C1", "C2", "--yes")
    assert [each["code"] for each in labctl("people", "list", "--json").json] == ["C3"]
    assert "erased: C1, C2" in labctl("centre", "log").out
    for file in labctl.home.glob("labctl.db*"):
        assert b"Jones" not in file.read_bytes()
    assert labctl("audit").code == 0


def test_staff_are_no_candidates_and_their_names_can_be_erased(
    labctl: Command, roster: Path
) -> None:
    labctl("staff", "add", "daemon", "--name", "Dean Moss", "--role", "assessor", "--role", "iqa")
    labctl.account = replace(labctl.account, name="daemon", uid=1)
    assert "Moss" not in labctl("people", "list").out
    labctl("people", "erase", "staff:daemon", "--yes")
    (member,) = labctl("staff", "list", "--json").json
    assert (member["account"], member["name"]) == ("daemon", "")
    labctl("people", "import", str(roster), "--dry-run")


def test_a_roster_says_what_is_left_out_and_what_was_assumed(
    labctl: Command, tmp_path: Path
) -> None:
    path = tmp_path / "roster.csv"
    rows = "".join(f"C{number},Zoë,x,4520-04\n" for number in range(3))
    path.write_bytes(("code,name,email,qualification\n" + rows).encode("cp1252"))
    said = labctl("people", "import", str(path), "--dry-run")
    assert "Nothing is taken from the columns email." in said.err
    assert "Read as Windows-1252" in said.err
    told = " ".join(said.err.split())
    assert told.count("for `4520-04` ended on") == 1
    assert "(so are 2 more rows)" in told


def test_a_roster_that_cannot_be_read_is_named(labctl: Command) -> None:
    assert "cannot be read" in labctl("people", "import", "none.csv", code=2).err
    assert "Nobody is on the roster" in labctl("people", "list").err


@pytest.mark.parametrize(
    "call",
    [
        lambda c: people.candidate(c, "C9"),
        lambda c: people.candidates(c, "A"),
        lambda c: people.codes_of_cohort(c, "A"),
        lambda c: people.erase(c, ["C9"]),
    ],
)
def test_who_is_not_there_is_not_found(
    tmp_path: Path, call: Callable[[Controller], object]
) -> None:
    with Controller(tmp_path / "home", [LIBRARY]) as controller, pytest.raises(UnknownName):
        call(controller)


# ------------------------------------------------------------------ sessions of those on it


def test_a_cohort_is_started_from_the_roster(labctl: Command, roster: Path) -> None:
    said = labctl("start", "notes", "--cohort", "A")
    assert said.out.count("▶ running") == 2
    assert "C1 has access arrangements: 25 % extra time" in said.err
    assert "C2 has" not in said.err
    assert "Not on the roster" not in said.err
    found = labctl("sessions", "--json").json
    assert sorted(each["candidate"] for each in found) == ["C1", "C2"]
    more = labctl("start", "notes", "C9", "--cohort", "B")
    assert "Not on the roster: C9." in more.err
    assert "No cohort is called `D`" in labctl("start", "notes", "--cohort", "D", code=2).err


def test_lists_show_names_to_those_who_may_see_them(labctl: Command, roster: Path) -> None:
    code = labctl.start("C1")
    assert "C1 Amy Jones" in labctl("sessions").out
    assert labctl("sessions", "--json").json[0]["name"] == "Amy Jones"
    assert "C1 Amy Jones" in labctl("show", code).out
    assert "Amy" not in labctl("tasks", code).out
    labctl("submit", code)
    labctl("evidence", code, "--output", "folder")
    kept = "".join(path.read_text() for path in (labctl.home.parent / "folder").iterdir())
    assert "Jones" not in kept
    with Controller(labctl.home, [LIBRARY]) as controller:
        assert "Jones" not in repr(controller.store.events(code))

    labctl("staff", "add", "daemon", "--name", "Dean Moss", "--role", "assessor")
    labctl.account = replace(labctl.account, name="root", uid=0)
    assert "Amy" not in labctl("sessions").out + labctl("show", code).out
    said = labctl("start", "notes", "--cohort", "A", "--practice")
    assert "access arrangements" not in said.err
    assert "`root` is technician" in labctl("people", "list", code=2).err
