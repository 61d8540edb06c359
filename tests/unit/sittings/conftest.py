"""What tests of sittings stand on: a sitting of paper that nobody has begun."""

from __future__ import annotations

import pytest

from labctl.sessions.controller import Controller
from tests.fakes.sittings import planned


@pytest.fixture
def code(controller: Controller) -> str:
    """A sitting of the lab `moves` (10 minutes) for C1, C2 and C3."""
    return planned(controller)
