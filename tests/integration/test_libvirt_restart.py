"""libvirtd is killed and started again in the middle of starts, as by an upgrade."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labctl.images.build import build
from labctl.sessions.controller import Controller
from labctl.sessions.record import State
from tests.own_libvirt import MOMENTS
from tests.rig import IMAGES

pytestmark = [pytest.mark.integration, pytest.mark.machines]

TESTS = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    build((*IMAGES, "machine"))
    home = tmp_path_factory.mktemp("home")
    words = ["unshare", "--mount", "--propagation", "private", sys.executable]
    words += [str(TESTS / "own_libvirt.py"), str(home), str(TESTS / "labs")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=1800, check=False)
    with Controller(home) as controller:
        controller.provider("libvirt").tidy()
    assert done.returncode == 0, done.stderr
    return {found["moment"]: found for found in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_start_ends_in_a_session_that_works_or_is_undone(
    trials: dict[str, dict[str, Any]], moment: str
) -> None:
    found = trials[moment]
    if found["session"]:
        assert (found["said"], found["problem"]) == ("box", "")
        assert found["state"] == State.STOPPED
    else:
        assert "libvirt" in found["problem"]
        assert found["state"] == State.WITHDRAWN
    assert (found["half_done"], found["owned"]) == (0, [])
    assert (found["domains"], found["machines"]) == ([], [])
