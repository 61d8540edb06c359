"""The peer's side: twenty tests of three properties on every host, in pytest-testinfra's words."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.facts import FILES


@pytest.mark.parametrize("path, mode, owner", FILES, ids=[path for path, _, _ in FILES])
def test_file(host: Any, path: str, mode: int, owner: str) -> None:
    """One file: there, with this mode, owned by this account."""
    file = host.file(path)
    assert file.exists
    assert file.mode == mode
    assert file.user == owner
