"""Some labs in virtual machines, as many as the suite has time for; `make verify-all` does all.

One needs disks, one hands on a cable, one hands on memory and a power cycle.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labctl.images.build import build
from labctl.sessions.controller import Controller
from labctl.verification import verify
from tests.rig import IMAGES

pytestmark = [pytest.mark.integration, pytest.mark.machines]

LABS = ("lvm-grow-and-mount", "memory-below-spec", "no-link")
CASES = ("solution", "untouched")


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    build((*IMAGES, "machine"))
    with Controller(tmp_path / "home") as opened:
        yield opened
        provider = opened.provider("libvirt")
        provider.tidy()
        assert provider.owned() == ()


def test_labs_in_virtual_machines_prove_themselves(controller: Controller) -> None:
    report = verify(controller, LABS, 1, cases=CASES, jobs=2)
    assert report.ok, [result for result in report.results if not result.ok]
    assert {(result.lab, result.case) for result in report.results} == {
        (lab, case) for lab in LABS for case in CASES
    }
