"""What the catalogue's criteria and objectives say of labs, and labs of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.errors import LabFileError
from labctl.library.catalogue import load_catalogue
from labctl.library.coverage import coverage
from labctl.library.library import Library
from labctl.library.surroundings import BUILT_IN

CATALOGUE = """\
format: 1
units:
  - {id: net-l3, title: Networking, area: networking, level: 3, verified: false, source: us,
     criteria: {"2.1": {text: Configure}, "9.9": {text: Nothing looks at this}}}
objectives:
  - {id: list, prefix: LIST, title: A list, version: "1", verified: false, source: them,
     headings: {"5": {text: Troubleshooting}, "109.2": {text: Networks}}}
"""


def test_an_objective_is_found_by_itself_or_by_the_heading_above_it(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(CATALOGUE)
    catalogue = load_catalogue([path])
    for name, heading in {"LIST 5": "5", "LIST 5.3": "5", "LIST 109.2": "109.2"}.items():
        found = catalogue.objective(name)
        assert found is not None
        assert found[1] == heading
    for name in ("LIST 10", "LIST", "OTHER 5", "LIST 50"):
        assert catalogue.objective(name) is None


def test_a_repeated_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    lists = CATALOGUE.partition("objectives:\n")[2]
    path.write_text(CATALOGUE + lists)
    with pytest.raises(LabFileError, match="`list` stands here twice"):
        load_catalogue([path])


def test_a_criterion_is_covered_in_the_unit_that_it_is_claimed_of() -> None:
    library = Library((BUILT_IN,))
    catalogue = library.surroundings().catalogue
    labs = [library.lab("backup-that-restores"), library.lab("migrate-a-service")]
    rows = {(row.group, row.number): row.labs for row in coverage(catalogue, labs)}
    assert rows["system-management-l3", "2.2"] == ("backup-that-restores", "migrate-a-service")
    assert rows["linux-l3", "2.2"] == ("backup-that-restores",)
    assert rows["linux-l4", "2.1"] == ("migrate-a-service",)
    assert rows["system-management-l3", "2.1"] == ()


def test_what_has_labs_and_what_has_none() -> None:
    library = Library((BUILT_IN,))
    catalogue = library.surroundings().catalogue
    rows = {
        (row.group, row.number): row.labs
        for row in coverage(catalogue, [library.lab("static-routing")])
    }
    assert rows["networking-l3", "2.1"] == ("static-routing",)
    assert rows["LPIC-1", "109.2"] == ("static-routing",)
    assert rows["web-l2", "1.1"] == ()
    every = sum(len(unit.criteria or {}) for unit in catalogue.units.values())
    every += sum(len(one.headings) for one in catalogue.objectives.values())
    assert len(rows) == every
