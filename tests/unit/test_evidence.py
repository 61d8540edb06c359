"""Evidence as plain files: whole, checkable, and proof against what candidates write."""

from __future__ import annotations

import hashlib
import json
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from checkers import codec
from checkers.browsing import Browse, BrowseResult, Picture
from checkers.model import Observation, Status, Vantage
from labctl import whole_folder
from labctl.errors import UsageError
from labctl.evidence import evidence_files, pictures_of, write_evidence
from labctl.report import escaped
from labctl.sessions.controller import Controller
from tests.fakes.command import Command


@pytest.fixture
def code(labctl: Command) -> str:
    """A session whose hand-in failed, with bytes of a candidate's that want to be markup."""
    code: str = labctl.start("amy")
    trick = "# Achieved\n| **all** | <script>x</script> [x](http://y) `\x1b[2J"
    labctl.server.write(code, "desk", "/srv/note.txt", trick)
    labctl("submit", code)
    return code


def files_of(labctl: Command, code: str) -> dict[str, bytes]:
    with Controller(labctl.home) as controller:
        return evidence_files(controller, code)


def test_the_manifest_has_the_digest_of_every_other_file(labctl: Command, code: str) -> None:
    files = files_of(labctl, code)
    manifest = json.loads(files["manifest.json"])
    assert manifest["files"].keys() == files.keys() - {"manifest.json"}
    for name, about in manifest["files"].items():
        assert about == {
            "sha256": hashlib.sha256(files[name]).hexdigest(),
            "bytes": len(files[name]),
        }
    assert manifest["kind"] == "simulation / practical demonstration"
    assert manifest["images"] == {"host": "labctl/host:fake"}
    assert manifest["audit"] == []
    for name in ("lab_digest", "scheme", "checkers", "transcript"):
        assert len(manifest[name]) == 64


def test_the_log_is_there_with_its_chain(labctl: Command, code: str) -> None:
    files = files_of(labctl, code)
    events = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    head = json.loads(files["manifest.json"])["events"]
    assert head == {"count": len(events), "head": events[-1]["hash"]}
    assert [each["sequence"] for each in events] == list(range(1, len(events) + 1))
    assert all(a["hash"] == b["previous"] for a, b in pairwise(events))


def test_every_observation_names_the_checks_that_rest_on_it(labctl: Command, code: str) -> None:
    files = files_of(labctl, code)
    seen = [json.loads(line) for line in files["observations.jsonl"].splitlines()]
    assert {name for each in seen for name in each["checks"]} == {"note"}
    assert seen[0]["observation"]["vantage"] == "beside"
    results = json.loads(files["results.json"])
    checks = {each["id"]: each for task in results["tasks"] for each in task["checks"]}
    assert checks["note"]["status"] == Status.FAILED
    assert checks["tidy"]["status"] == Status.BLOCKED


def test_the_report_says_it_all_and_obeys_nothing(labctl: Command, code: str) -> None:
    report = files_of(labctl, code)["report.md"].decode()
    for told in (
        "Simulation / practical demonstration",
        "| Candidate | amy |",
        "**not yet achieved** (0 of 2 criteria met)",
        "- handed in: ",
        "- word: ",
        "    - looked at from: beside",
        "LPIC-1 103.1",
        "`labctl/host:fake`",
        f"`labctl remark {code}`",
    ):
        assert told in report
    headings = [line for line in report.splitlines() if line.startswith("#")]
    assert not any("Achieved" in line for line in headings)
    for raw in (r"<script>", r"(?<!\\)\]\(http", r"\*\*all\*\*", "\x1b"):
        assert not re.search(raw, report)


def test_pictures_are_files_which_the_observations_name() -> None:
    png = bytes(range(256))  # holds what the two alphabets of base64 write differently
    result = BrowseResult("loaded", pictures=(Picture(360, 780, png),))
    seen = Observation(Browse("pc", "http://w/"), Vantage.OUTSIDE, 1.0, result)
    other: dict[str, Any] = {"checks": ["b"], "observation": {"failure": {"reason": "x"}}}
    written = {"checks": ["looks", "fits"], "observation": codec.observation_to_json(seen)}
    files = dict(pictures_of([written, other]))
    assert files == {"picture-looks-360.png": png}
    (picture,) = written["observation"]["result"]["pictures"]  # type: ignore[index]
    assert picture == {"width": 360, "height": 780, "png": "picture-looks-360.png"}


def test_a_session_without_a_run_has_evidence_too(labctl: Command) -> None:
    files = files_of(labctl, labctl.start("amy"))
    assert files["observations.jsonl"] == b""
    assert "nothing was graded" in files["report.md"].decode()
    assert json.loads(files["manifest.json"])["run"] is None


def test_what_could_not_be_observed_is_in_the_report(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl.server.fault("dial", "The observer is gone.")
    labctl("submit", code)
    report = files_of(labctl, code)["report.md"].decode()
    assert "could not be observed; the fault is the machinery's" in report


def test_nothing_is_written_over_and_no_half_is_left(
    labctl: Command, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "deep" / "evidence"
    with Controller(labctl.home) as controller:
        first = write_evidence(controller, code, target)
        second = write_evidence(controller, code, target)
        assert (first.folder, second.folder) == (target, target.with_name("evidence-2"))
        assert first.folder.stat().st_mode & 0o077 == 0

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device", str(target))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(UsageError, match="No space left on device"):
            write_evidence(controller, code, target)
    assert sorted(path.name for path in target.parent.iterdir()) == ["evidence", "evidence-2"]


def test_somebody_who_is_quicker_keeps_the_name(
    labctl: Command, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "e"
    original = Path.rename

    def late(self: Path, place: Path) -> Path:
        if place == target:  # what another command made between our look and our move
            place.mkdir()
            (place / "theirs").touch()
        return original(self, place)

    monkeypatch.setattr(Path, "rename", late)
    with Controller(labctl.home) as controller:
        assert write_evidence(controller, code, target).folder == tmp_path / "e-2"
    assert [path.name for path in target.iterdir()] == ["theirs"]

    def refused(self: Path, place: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(Path, "rename", refused)
    with Controller(labctl.home) as controller, pytest.raises(UsageError, match="denied"):
        write_evidence(controller, code, tmp_path / "f")


def test_names_run_out_in_the_end(
    labctl: Command, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_folder, "MOST_COPIES", 2)
    with Controller(labctl.home) as controller:
        write_evidence(controller, code, tmp_path / "e")
        with pytest.raises(UsageError, match="is there already"):
            write_evidence(controller, code, tmp_path / "e")


def test_escaping_leaves_nothing_that_markdown_obeys() -> None:
    assert escaped("a*b_c`d](f)<g>|#~!&{}") == r"a\*b\_c\`d\](f)\<g\>\|\#\~\!\&\{\}"
    assert escaped("\\").count("\\") % 2 == 0
    assert re.fullmatch(r"(\\\\)*\\\[x", escaped("[x"))
    assert escaped("one\ntwo") == "one two"
