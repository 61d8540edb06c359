"""`labctl demo` as a process: what `make demo` shows to somebody who has never seen the program."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LABCTL = (sys.executable, "-m", "labctl")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], str, str]:
    """The demonstration, held once: its folder, its environment, its stdout and stderr."""
    folder = tmp_path_factory.mktemp("demo")
    environment = os.environ | {"LABCTL_HOME": str(folder / "home"), "COLUMNS": "80"}
    done = subprocess.run(
        [*LABCTL, "demo", "--output", "evidence"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, environment, done.stdout, done.stderr


Shown = tuple[Path, dict[str, str], str, str]


def asked(shown: Shown, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    folder, environment, _, _ = shown
    return subprocess.run(
        [*LABCTL, *arguments],
        cwd=folder,
        env=environment | changes,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_table_has_a_line_for_each_candidate(shown: Shown) -> None:
    rows = {
        line.split()[0]: line
        for line in shown[2].splitlines()
        if line.startswith(("amy", "bilal", "chen"))
    }
    assert "✓ achieved" in rows["amy"]
    assert "✗ not yet achieved" in rows["bilal"]
    assert "✗ not yet achieved" in rows["chen"]
    assert "✗ 0/" in rows["chen"]
    assert all(row.rstrip().endswith(" s") for row in rows.values())


def test_why_is_said_in_a_line_for_each_failed_check(shown: Shown) -> None:
    text = " ".join(shown[2].split())
    why = text[text.index("Why bilal") : text.index("Evidence for amy")]
    assert "expected" in why
    assert "found" in why


def test_no_line_is_wider_than_a_terminal(shown: Shown) -> None:
    assert max(len(line.rstrip()) for line in shown[2].splitlines()) <= 80


def test_the_evidence_is_whole(shown: Shown) -> None:
    folders = sorted((shown[0] / "evidence").iterdir())
    assert len(folders) == 3
    for folder in folders:
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, about in manifest["files"].items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == about["sha256"]
        assert manifest["audit"] == []


def test_nothing_runs_any_more(shown: Shown) -> None:
    assert json.loads(asked(shown, "sessions", "--json").stdout) == []
    found = json.loads(asked(shown, "gc", "--json").stdout)
    assert found == {"recovered": [], "removed": [], "unknown": [], "kept": []}


def test_what_it_says_to_type_next_works(shown: Shown) -> None:
    lines = [line.strip() for line in shown[3].splitlines() if line.startswith("  labctl ")]
    commands = [line.split("  ")[0].removeprefix("labctl ").split() for line in lines]
    assert {words[0] for words in commands} == {"show", "remark", "sessions", "labs", "start"}
    for words in commands:
        if words[0] != "start":
            done = asked(shown, *words)
            assert done.returncode == 0, done.stderr
            assert done.stdout


def test_remark_needs_no_docker(shown: Shown) -> None:
    sessions = json.loads(asked(shown, "sessions", "--all", "--json").stdout)
    for session in sessions:
        done = asked(
            shown,
            "remark",
            session["code"],
            "--json",
            DOCKER_HOST="unix:///no/such/socket",
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["changes"] == []
        assert found["before"] == found["after"]
