"""`labctl labs`, `images`, `doctor` and `demo`, over a server of paper."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.fakes.command import LIBRARY, Command


@pytest.fixture
def spoilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library whose lab may be spoilt; the only one beside the built-in labs."""
    library = tmp_path / "labs"
    shutil.copytree(LIBRARY, library)
    monkeypatch.setenv("LABCTL_LIBRARY", str(library))
    return library / "linux" / "notes"


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_the_list_of_labs_is_stable_json(labctl: Command) -> None:
    found = labctl("labs", "list", "--json").json
    notes = next(each for each in found if each["id"] == "notes")
    expected = {
        "id": "notes",
        "title": "Leave a note",
        "area": "linux",
        "level": 2,
        "provider": "docker",
        "duration_minutes": 30,
    }
    assert expected.items() <= notes.items()


def test_a_broken_lab_is_listed_with_its_cure(labctl: Command, spoilt: Path) -> None:
    change(spoilt / "lab.yaml", "level: 2", "level: 9")
    said = labctl("labs", "list")
    assert "✗ has mistakes" in said.out
    assert "`labctl labs lint`" in said.err
    assert "with mistakes: notes" in labctl("doctor", code=1).out


def test_library_may_be_given_before_and_after_the_group(labctl: Command, tmp_path: Path) -> None:
    other = tmp_path / "other"
    labctl("labs", "new", "mine", "--area", "linux", "--level", "2", "--dir", str(other))
    assert "mine" not in labctl("labs", "list").out
    for arguments in (
        ["--library", str(other), "labs", "list"],
        ["labs", "--library", str(other), "list"],
        ["labs", "list", "--library", str(other)],
    ):
        assert "mine" in labctl(*arguments).out


def test_a_new_lab_lints(labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = labctl("labs", "new", "mine", "--area", "networking", "--level", "3")
    assert said.out.strip() == "networking/mine"
    assert "labctl labs lint networking/mine" in said.err
    assert "nothing wrong" in labctl("labs", "lint", "networking/mine").err
    assert "is there already" in (
        labctl("labs", "new", "mine", "--area", "networking", "--level", "3", code=2).err
    )


def test_lint_tells_every_mistake_with_its_place(labctl: Command, spoilt: Path) -> None:
    change(spoilt / "lab.yaml", "access: root", "acces: root")
    change(spoilt / "lab.yaml", "level: 2", "level: 9")
    for what in (["notes"], [str(spoilt)], [str(spoilt / "lab.yaml")]):
        said = labctl("labs", "lint", *what, code=1)
        assert "lab.yaml:6:8: " in said.out
        assert "`access`" in said.out
    found = labctl("labs", "lint", "notes", "--json", code=1).json
    assert {"file", "line", "column", "level", "message", "hint"} == found[0].keys()
    assert "notes" in labctl("labs", "lint", code=1).out


def test_lint_of_warnings_alone_is_fine(labctl: Command, spoilt: Path) -> None:
    (spoilt / "cases" / "spare.sh").write_text("true\n")
    said = labctl("labs", "lint", "notes")
    assert "warning: " in said.out
    assert "0 errors, 1 warning" in said.err


def test_lint_of_no_lab_is_no_pass(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labctl.library.library.BUILT_IN", tmp_path)
    monkeypatch.delenv("LABCTL_LIBRARY")
    assert "There is no lab to check." in labctl("labs", "lint", code=2).err
    assert "There is no lab to prove." in labctl("labs", "verify", "--all", code=2).err
    assert "there is none" in labctl("doctor", code=1).out


def test_show_gives_the_values_of_a_seed(labctl: Command) -> None:
    example = labctl("labs", "show", "notes").out
    assert "VALUES (seed 0, an example)" in example
    assert "every criterion" in example
    seeded = labctl("labs", "show", "notes", "--seed", "7").out
    assert "VALUES (seed 7)" in seeded
    found = labctl("labs", "show", "notes", "--seed", "7", "--json").json
    assert found["id"] == "notes"
    assert found["duration_minutes"] == 30
    assert found["values"]["word"] in seeded
    assert f"{', '.join(found['values']['team'])}" in seeded


def test_show_of_a_lab_with_less(labctl: Command, spoilt: Path) -> None:
    text = (spoilt / "lab.yaml").read_text()
    start, end = text.index("parameters:"), text.index("networks:")
    text = text[:start] + text[end:]
    text = text.replace("{{ word }}", "plum").replace("format: 1", "format: 1\npass_mark: 60%")
    text = text.replace(", networks: [office], access: none", ", access: none")
    judged = '    judged: [{id: j, title: Style, marks: 1, meets: 1, scale: {"0": no, "1": yes}}]\n'
    text = text.replace("  - id: keep\n", f"{judged}  - id: keep\n").replace(
        '    criteria: ["1.2"]\n', ""
    )
    text = text.replace("$LAB_WORD", "plum")
    (spoilt / "lab.yaml").write_text(text)
    for script in (spoilt / "cases").iterdir():
        script.write_text(script.read_text().replace("$LAB_WORD", "plum"))
    said = labctl("labs", "show", "notes").out
    assert "60 % of the marks" in said
    assert "VALUES" not in said
    assert "judged" in said


def test_the_schema_is_json(labctl: Command) -> None:
    assert labctl("labs", "schema").json["$schema"].startswith("https://json-schema.org/")


def test_verify_proves_a_lab_and_finds_a_weakened_one(labctl: Command, spoilt: Path) -> None:
    said = labctl("labs", "verify", "notes", "--seeds", "1")
    assert "every verdict as expected" in said.out
    assert "[1/" in said.err
    change(
        spoilt / "lab.yaml", 'content: {contains: "{{ word }}"}}\n        marks', "}\n        marks"
    )
    wrong = labctl("labs", "verify", "notes", "--seeds", "1", "--case", "wrong-word", code=1)
    assert "✗ notes: wrong-word" in wrong.out
    assert "note: expected failed, found passed" in wrong.out
    assert "were not as expected" in wrong.out
    found = labctl(
        "labs", "verify", "notes", "--seeds", "1", "--case", "wrong-word", "--json", code=1
    ).json
    assert found["ok"] is False
    assert found["results"][0]["case"] == "wrong-word"
    assert labctl.server.sessions() == []


def test_verify_tells_a_case_that_could_not_be_carried_out(labctl: Command) -> None:
    labctl.server.fault("run", "The engine hangs.")
    said = labctl("labs", "verify", "notes", "--case", "solution", "--seeds", "1", code=1)
    assert "could not be carried out: " in said.out
    assert "Did you mean `solution`?" in (
        labctl("labs", "verify", "notes", "--case", "solutoin", code=2).err
    )


SOLUTION = """\
rm /srv/draft.txt
echo "$LAB_WORD" > /srv/note.txt
echo "$LAB_WORD" > /etc/kept
echo idle > /srv/idle
# unchecked: nobody looks there
echo idle > /tmp/idle
"""


def test_mutate_names_lines_that_nobody_misses(
    labctl: Command, spoilt: Path, tmp_path: Path
) -> None:
    (spoilt / "cases" / "solution.sh").write_text(SOLUTION)
    file = tmp_path / "lines.md"
    said = labctl("labs", "mutate", "notes", "moves", "--report", str(file), code=1)
    assert "notes: cases/solution.sh\n  4: echo idle > /srv/idle\n" in said.out
    assert "8 lines left out, one at a time: 6 noticed, 1 explained, 1 unnoticed" in said.out
    assert "/8] " in said.err
    assert "| notes | 5 | 3 | 1 | 0 | 1 | 0 |" in file.read_text()
    assert labctl.server.sessions() == []
    assert "Name the labs to look at" in labctl("labs", "mutate", code=2).err


def test_mutate_shows_what_it_found_before_it_was_stopped_and_goes_on(
    labctl: Command, spoilt: Path, tmp_path: Path
) -> None:
    (spoilt / "cases" / "solution.sh").write_text(SOLUTION)
    command = ("labs", "mutate", "notes", "--jobs", "1", "--report")
    labctl.server.fault("interrupt", "3")
    said = labctl(*command, str(tmp_path / "part.json"), code=130)
    assert "2 of 5 lines left out, one at a time: 2 noticed" in said.out
    assert "`--resume` goes on where this stopped" in said.err
    part = json.loads((tmp_path / "part.json").read_text())
    assert (part["ok"], part["complete"], len(part["results"])) == (False, False, 2)
    assert labctl.server.sessions() == []
    labctl(*command, str(tmp_path / "all.json"), "--resume", code=1)
    found = json.loads((tmp_path / "all.json").read_text())
    assert (found["ok"], found["complete"]) == (False, True)
    assert [row["resumed"] for row in found["results"]] == [True, True, False, False, False]
    again = labctl("labs", "mutate", "notes", "--resume", "--json", code=1).json
    assert [row["resumed"] for row in again["results"]] == [True, True, True, True, False]
    fates = ["noticed", "noticed", "noticed", "unnoticed", "explained"]
    assert [row["fate"] for row in again["results"]] == fates


def test_images_need_docker(labctl: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert "error: " in labctl("images", "list", code=4).err
    assert "No image is called `rooter`" in labctl("images", "build", "rooter", code=2).err


def test_doctor_tells_each_finding_with_its_cure(labctl: Command) -> None:
    said = labctl("doctor", code=None)
    assert "a server of paper" in said.out
    found = labctl("doctor", "--json", code=None).json
    assert {"level", "title", "detail", "cure"} == found[0].keys()
    assert all(each["cure"] for each in found if each["level"] == "problem")
    labctl.server.fault("any", "Docker is not running.")
    broken = labctl("doctor", code=1)
    assert "✗ problem" in broken.out
    assert "→ Mend it." in broken.out
    assert "1 problem" in broken.err


def as_the_demo(spoilt: Path) -> Path:
    """A lab that stands in the place of the one that the demonstration uses."""
    lab = spoilt.with_name("static-routing")
    spoilt.rename(lab)
    change(lab / "lab.yaml", "id: notes", "id: static-routing")
    return lab


def test_the_demonstration(labctl: Command, spoilt: Path, tmp_path: Path) -> None:
    as_the_demo(spoilt)
    said = labctl("demo", "--output", str(tmp_path / "evidence"))
    table = [line for line in said.out.splitlines() if line.startswith(("amy", "bilal", "chen"))]
    assert [line.split()[0] for line in table] == ["amy", "bilal", "chen"]
    assert "✓ achieved" in table[0]
    assert "4/4" in table[0]
    assert "✗ not yet achieved" in table[1]
    assert "0/4" in table[2]
    assert "Why bilal has not achieved yet:" in said.out
    assert "✗ The note says the word: expected" in said.out
    assert "2 more checks needed that" in said.out
    assert len(list((tmp_path / "evidence").glob("*/report.md"))) == 3
    assert "What to type next:" in said.err
    assert labctl.server.sessions() == []


def test_a_demonstration_that_comes_out_wrong_says_so(
    labctl: Command, spoilt: Path, tmp_path: Path
) -> None:
    lab = as_the_demo(spoilt)
    (lab / "cases" / "solution.sh").write_text("rm /srv/draft.txt\n")
    said = labctl("demo", "--output", str(tmp_path / "evidence"), code=1)
    assert "✗ amy (solution): note: expected passed, found failed" in " ".join(said.out.split())
    assert "did not come out as the lab expects" in said.err
    found = labctl("demo", "--output", str(tmp_path / "evidence"), "--json", code=1)
    assert json.loads(found.out)["graded"][0]["surprises"]


def test_a_demonstration_that_cannot_be_held_leaves_nothing(
    labctl: Command, spoilt: Path, tmp_path: Path
) -> None:
    lab = as_the_demo(spoilt)
    labctl.server.fault("run", "The engine hangs.")
    assert "The engine hangs." in labctl("demo", code=4).err
    labctl.server.fault("run", None)
    (tmp_path / "file").touch()
    assert "cannot be written to" in labctl("demo", "--output", "file/in", code=2).err
    text = (lab / "lab.yaml").read_text()
    (lab / "lab.yaml").write_text(text[: text.index("  - name: wrong-word")])
    assert "has no wrong answer to show" in labctl("demo", code=2).err
    (lab / "lab.yaml").write_text(text[: text.index("cases:")])
    assert "has no case `solution`" in labctl("demo", code=2).err
    assert labctl.server.sessions() == []


def test_ctrl_c_ends_a_demonstration_with_nothing_left(
    labctl: Command, spoilt: Path, tmp_path: Path
) -> None:
    as_the_demo(spoilt)
    labctl.server.fault("interrupt", "Ctrl-C")
    said = labctl("demo", "--output", str(tmp_path / "evidence"), code=130)
    assert "The hosts are removed" in said.err
    assert labctl.server.sessions() == []


def test_a_scenario_is_imported_and_what_is_left_out_is_listed(
    labctl: Command, tmp_path: Path
) -> None:
    scenario = Path(__file__).parents[1] / "golden" / "importing" / "kathara"
    command = ("labs", "import", "kathara", str(scenario), "--dir", str(tmp_path))
    done = labctl(*command)
    assert done.out.strip() == str(tmp_path / "networking" / "two-subnets")
    assert "PC2: bridged=true" in done.err
    assert "is there already" in labctl(*command, code=None).err
