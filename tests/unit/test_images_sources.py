"""Where apt gets Debian from, asked of programs of our own that stand in for apt's."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.errors import ProviderError
from labctl.images.sources import apt_sources, parse_targets, proxies

LISTING = """\
http://mirror.example/debian/|bookworm|main|Debian|bookworm
http://mirror.example/debian/|bookworm|contrib|Debian|bookworm
http://mirror.example/debian/|bookworm|main|Debian|bookworm
http://mirror.example/debian/|bookworm-updates|main|Debian|bookworm-updates
https://mirror.example/security/|stable-security|main|Debian|bookworm-security
http://mirror.example/debian/|trixie|main|Debian|trixie
https://other.example/|nodistro|main|. nodistro|nodistro
file:/srv/debian/|bookworm|main|Debian|bookworm
http://new.example/debian/|bookworm|main|$(ORIGIN)|$(CODENAME)
"""


def stand_in(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_only_debian_12_over_the_network_is_taken() -> None:
    assert parse_targets(LISTING) == (
        "deb http://mirror.example/debian/ bookworm main contrib",
        "deb http://mirror.example/debian/ bookworm-updates main",
        "deb https://mirror.example/security/ stable-security main",
    )


def test_apt_is_asked(programs: Path) -> None:
    (programs / "listing").write_text(LISTING)
    stand_in(programs, "apt-get", f'while read -r line; do echo "$line"; done < {programs}/listing')
    assert len(apt_sources()) == 3


@pytest.mark.parametrize(
    "script, said",
    [
        (None, "There is no apt-get"),
        ("exit 100", "could not list its sources"),
        ("exit 0", "has no sources of Debian 12"),
    ],
)
def test_without_sources_there_is_a_cure(programs: Path, script: str | None, said: str) -> None:
    if script:
        stand_in(programs, "apt-get", script)
    with pytest.raises(ProviderError, match=said) as caught:
        apt_sources()
    assert "apt-get update" in caught.value.hint


def test_proxies_of_the_environment_win(programs: Path) -> None:
    stand_in(programs, "apt-config", "echo http://apt.example:3142")
    found = proxies({"HTTP_PROXY": "http://env.example:1", "no_proxy": "localhost"})
    assert found == {
        "http_proxy": "http://env.example:1",
        "https_proxy": "http://apt.example:3142",
        "no_proxy": "localhost",
    }


@pytest.mark.parametrize("script", [None, "exit 1", "echo DIRECT", "exit 0"])
def test_no_proxy_is_no_setting(programs: Path, script: str | None) -> None:
    if script:
        stand_in(programs, "apt-config", script)
    assert proxies({}) == {}
