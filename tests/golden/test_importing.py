"""What a scenario of another tool becomes, and what is left out, by the letter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labctl.errors import LabFileError, UsageError
from labctl.library.folder import read_folder
from labctl.library.importing import Place, read_containerlab, read_kathara, write_lab
from labctl.library.lint import lint
from labctl.library.surroundings import BUILT_IN, surroundings_of

SCENARIOS = Path(__file__).parent / "importing"
AROUND = surroundings_of([BUILT_IN])
WRITE = os.environ.get("LABCTL_GOLDEN") == "write"

READ = {
    "kathara": lambda: read_kathara(SCENARIOS / "kathara", AROUND.images),
    "containerlab": lambda: read_containerlab(
        SCENARIOS / "containerlab" / "topo.clab.yml", AROUND.images
    ),
}


@pytest.mark.parametrize("tool", READ)
def test_a_scenario_becomes_a_lab_that_lints(tool: str, tmp_path: Path) -> None:
    found = READ[tool]()
    made = write_lab(found, Place(tmp_path, "networking", found.name, 3))
    assert not [finding for finding in lint(made, AROUND) if finding.level == "error"]
    files = read_folder(made).files
    told = "".join(f"=== {path}\n{entry.content.decode()}" for path, entry in files.items())
    expected = SCENARIOS / f"{tool}.txt"
    if WRITE:
        expected.write_text(told)
    assert told == expected.read_text()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    place = Place(tmp_path, "networking", "twice", 3)
    write_lab(READ["kathara"](), place)
    with pytest.raises(UsageError, match="is there already"):
        write_lab(READ["kathara"](), place)


def test_what_is_no_scenario_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no `lab\.conf`"):
        read_kathara(tmp_path, ())
    conf = tmp_path / "lab.conf"
    conf.write_text('LAB_NAME="x"\n')
    with pytest.raises(UsageError, match="names no device"):
        read_kathara(tmp_path, ())
    conf.write_text('pc1[0]="A"\npc1 is nice\n')
    with pytest.raises(UsageError, match="line 2 is no option of a device: pc1 is nice"):
        read_kathara(tmp_path, ())
    topology = tmp_path / "x.clab.yml"
    topology.write_text("name: x\n")
    with pytest.raises(UsageError, match=r"no `topology\.nodes`"):
        read_containerlab(topology, ())
    topology.write_text("name: [x\n")
    with pytest.raises(LabFileError):
        read_containerlab(topology, ())


def test_names_and_templates_cannot_break_the_lab_file(tmp_path: Path) -> None:
    (tmp_path / "lab.conf").write_text(
        'LAB_DESCRIPTION="a: \\"b\\" {{ c }} # d"\n7up[0]="The LAN"\n7_up[0]="the-lan"\n'
    )
    found = read_kathara(tmp_path, AROUND.images)
    made = write_lab(found, Place(tmp_path / "out", "networking", "odd", 2))
    assert [host.name for host in found.hosts] == ["n-7up", "n-7-up"]
    assert found.hosts[0].networks == ("the-lan",)
    assert found.hosts[1].networks == ("the-lan-2",)
    assert not [finding for finding in lint(made, AROUND) if finding.level == "error"]
