"""Ways into hosts at the command line, and bytes of a candidate on their way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.command import Command


def test_files_go_in_and_out(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = labctl.start("amy")
    sent = tmp_path / "sent.txt"
    sent.write_bytes(b"one\xfftwo\n")
    labctl("put", code, "desk", str(sent), "/srv/")
    labctl("get", code, "desk", "/srv/sent.txt", str(tmp_path / "back.txt"))
    assert (tmp_path / "back.txt").read_bytes() == b"one\xfftwo\n"
    monkeypatch.chdir(tmp_path)
    assert "is there already" in labctl("get", code, "desk", "/srv/sent.txt", code=2).err
    sent.write_text("older")
    labctl("get", code, "desk", "/srv/sent.txt", "--force")
    assert sent.read_bytes() == b"one\xfftwo\n"
    (tmp_path / "into").mkdir()
    labctl("get", code, "desk", "/srv/sent.txt", "into")
    assert (tmp_path / "into" / "sent.txt").exists()


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["put", "CODE", "desk", "no-such-file", "/srv/"], "cannot be read: No such file"),
        (["put", "CODE", "desk", __file__, "srv"], "is no full path"),
        (["put", "CODE", "dask", __file__, "/srv/"], "Did you mean `desk`?"),
        (["get", "CODE", "desk", "srv"], "is no full path"),
        (["get", "CODE", "desk", "/srv/none"], "could not be read: no such file"),
        (["get", "CODE", "desk", "/srv/draft.txt", "no/such/folder"], "cannot be written"),
        (["console", "CODE", "shelf"], "Nobody can log in to `shelf`"),
        (["console", "CODE", "dusk"], "Did you mean `desk`?"),
    ],
)
def test_a_file_or_host_that_is_not_there(labctl: Command, arguments: list[str], told: str) -> None:
    code = labctl.start("amy")
    named = [code if each == "CODE" else each for each in arguments]
    assert told in " ".join(labctl(*named, code=2).err.split())


def test_a_console_is_recorded(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl("console", code, "desk")
    log = labctl("show", code, "--log").out
    assert "a console on desk was opened" in log
    assert "a console on desk was closed" in log


def test_no_byte_of_a_candidate_reaches_the_terminal_raw(labctl: Command) -> None:
    code = labctl.start("amy")
    trick = "\x1b]0;owned\x07\x1b[2J[bold red]PASSED[/] \u202e ✓ passed"
    labctl.server.write(code, "desk", "/srv/note.txt", trick)
    outputs = [labctl("submit", code).out, labctl("show", code).out]
    outputs.append(labctl("show", code, "--json").out)
    outputs.append(labctl("evidence", code).out)
    outputs.append((Path("evidence") / code / "report.md").read_text())
    for text in outputs:
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
    assert "PASSED" in outputs[0]  # it is shown, and obeyed by nothing


def test_show_works_while_the_server_does_not_answer(labctl: Command) -> None:
    code = labctl.start("amy")
    labctl.server.fault("any", "Docker is not running.")
    said = labctl("show", code)
    assert "the hosts could not be looked at: Docker is not running." in said.out
    assert "· unknown" in said.out
    assert labctl("show", code, "--json").json["hosts"][0]["state"] == "unknown"


def test_frozen_hosts_go_on(labctl: Command) -> None:
    code = labctl.start("amy")
    with labctl.server.state() as state:
        state["sessions"][code]["hosts"]["desk"]["state"] = "frozen"
    assert f"The hosts of {code} go on." in labctl("thaw", code).err
    assert {host["state"] for host in labctl("show", code, "--json").json["hosts"]} == {"running"}


def test_the_screen_needs_a_terminal(labctl: Command) -> None:
    assert "The screen needs a terminal." in labctl("tui", code=2).err
