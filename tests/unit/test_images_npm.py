"""Packages from npm for images: pinned, fetched by the server's own npm, and refused otherwise."""

from __future__ import annotations

import base64
import hashlib
import stat
from pathlib import Path

import pytest

from labctl.errors import ProviderError
from labctl.images import npm
from labctl.images.digest import ContextFile

ARCHIVE = b"an archive"
INTEGRITY = "sha512-" + base64.b64encode(hashlib.sha512(ARCHIVE).digest()).decode()


def context(listed: str) -> tuple[ContextFile, ...]:
    dockerfile = ContextFile("Dockerfile", executable=False, content=b"FROM x\n")
    return dockerfile, ContextFile("packages.npm", executable=False, content=listed.encode())


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm of ours, which delivers the archive and notes how it was called."""
    made = tmp_path / "npm"
    made.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\nprintf "an archive" > it-1.0.tgz\n')
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return made


def test_a_package_becomes_part_of_the_build(program: Path) -> None:
    files = npm.with_packages("x", context(f"# a comment\n\nit 1.0.0 {INTEGRITY}\n"))
    assert [file.path for file in files] == ["Dockerfile", "npm/it.tgz", "packages.npm"]
    assert files[1].content == ARCHIVE
    called = (program.parent / "called").read_text()
    assert called == "pack it@1.0.0 --ignore-scripts --silent\n"


def test_without_a_list_npm_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    files = context("")[:1]
    assert npm.with_packages("x", files) is files


def test_another_digest_is_refused(program: Path) -> None:
    wrong = "sha512-" + "A" * 86 + "=="
    with pytest.raises(ProviderError, match="another digest than"):
        npm.with_packages("x", context(f"it 1.0.0 {wrong}"))


@pytest.mark.parametrize("line", ["it", "it 1.0.0", f"../it 1.0.0 {INTEGRITY}", "it 1 sha1-x"])
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(ProviderError, match="cannot be read: "):
        npm.with_packages("x", context(line))


@pytest.mark.parametrize(
    "script, says",
    [
        ("echo E404 not found >&2; exit 1", "npm could not fetch `it` 1.0.0: E404 not found"),
        ("exit 0", "it is not there"),
        ("exec sleep 9", "did not fetch `it` 1.0.0 within 0.2 s"),
    ],
)
def test_what_npm_cannot_do_is_told(
    program: Path, script: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    if "sleep" in script:
        monkeypatch.setattr(npm, "FETCH_SECONDS", 0.2)
    with pytest.raises(ProviderError, match=says):
        npm.with_packages("x", context(f"it 1.0.0 {INTEGRITY}"))


def test_a_server_without_npm_is_told_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ProviderError) as caught:
        npm.with_packages("x", context(f"it 1.0.0 {INTEGRITY}"))
    assert "apt-get install npm" in (caught.value.hint or "")
