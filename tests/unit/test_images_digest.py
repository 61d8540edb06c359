"""What an image is named after, and what its build is given."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from labctl.errors import LabctlError
from labctl.images.digest import context_archive, context_files, digest, tag
from labctl.images.library import ImageLibrary


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "images/low/image.yaml": "description: a\ndefaults: {seccomp: p.json}\n",
        "images/low/Dockerfile": "FROM scratch\n",
        "images/low/p.json": "{}",
        "images/low/etc/motd": "hello\n",
        "images/high/image.yaml": "description: a\nparent: low\ninclude: {agent: pkg/agent}\n",
        "images/high/Dockerfile": "FROM scratch\n",
        "pkg/agent/main.py": "print(1)\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def library(folder: Path) -> ImageLibrary:
    return ImageLibrary((folder / "images",), packages=folder)


def digests(folder: Path) -> dict[str, str]:
    read = library(folder)
    return {name: digest(read.image(name), read) for name in read.names()}


def test_a_tag_is_twelve_digits_of_the_digest(folder: Path) -> None:
    read = library(folder)
    assert tag(read.image("low"), read) == f"labctl/low:{digests(folder)['low'][:12]}"


@pytest.mark.parametrize(
    "path, changed",
    [
        ("images/low/etc/motd", {"low", "high"}),
        ("images/low/Dockerfile", {"low", "high"}),
        ("pkg/agent/main.py", {"high"}),
        ("images/high/Dockerfile", {"high"}),
    ],
)
def test_an_input_changes_its_image_and_all_above(
    folder: Path, path: str, changed: set[str]
) -> None:
    before = digests(folder)
    (folder / path).write_text("other\n")
    after = digests(folder)
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_new_name_and_the_execute_bit_count(folder: Path) -> None:
    first = digests(folder)
    (folder / "pkg/agent/main.py").chmod(0o755)
    second = digests(folder)
    (folder / "pkg/agent/main.py").rename(folder / "pkg/agent/other.py")
    third = digests(folder)
    assert len({first["high"], second["high"], third["high"]}) == 3


def test_what_concerns_hosts_alone_does_not(folder: Path) -> None:
    before = digests(folder)
    (folder / "images/low/image.yaml").write_text(
        "description: other\ndefaults: {memory: 1G, seccomp: p.json}\n"
    )
    (folder / "images/low/p.json").write_text('{"defaultAction": "SCMP_ACT_KILL"}')
    assert digests(folder) == before


def test_nor_do_times_umask_and_compiled_files(folder: Path) -> None:
    before = digests(folder)
    motd = folder / "images/low/etc/motd"
    os.utime(motd, (1, 1))
    motd.chmod(0o600)
    cache = folder / "pkg/agent/__pycache__"
    cache.mkdir()
    (cache / "main.pyc").write_bytes(b"\0")
    assert digests(folder) == before


def test_moving_bytes_between_files_is_noticed(folder: Path) -> None:
    (folder / "images/low/a").write_text("xy")
    (folder / "images/low/b").write_text("z")
    before = digests(folder)
    (folder / "images/low/a").write_text("x")
    (folder / "images/low/b").write_text("yz")
    assert digests(folder) != before


def test_the_context_is_the_files_with_plain_modes(folder: Path) -> None:
    (folder / "pkg/agent/main.py").chmod(0o775)
    read = library(folder)
    archive = context_archive(context_files(read.image("high")))
    assert archive == context_archive(context_files(read.image("high")))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert {(each.name, each.mode, each.uid, each.mtime) for each in tar} == {
            ("Dockerfile", 0o644, 0, 0),
            ("agent/main.py", 0o755, 0, 0),
        }


def test_a_single_file_may_be_included(folder: Path) -> None:
    (folder / "images/high/image.yaml").write_text(
        "description: a\nparent: low\ninclude: {main.py: pkg/agent/main.py}\n"
    )
    paths = [file.path for file in context_files(library(folder).image("high"))]
    assert paths == ["Dockerfile", "main.py"]


def test_an_include_that_is_not_there(folder: Path) -> None:
    (folder / "pkg/agent/main.py").unlink()
    with pytest.raises(LabctlError, match="there is nothing there"):
        digests(folder)


def test_a_symbolic_link_is_refused(folder: Path) -> None:
    (folder / "images/low/link").symlink_to("/etc/passwd")
    with pytest.raises(LabctlError, match="symbolic link"):
        digests(folder)


def test_a_folder_without_a_dockerfile(folder: Path) -> None:
    (folder / "images/low/Dockerfile").unlink()
    with pytest.raises(LabctlError, match="has no Dockerfile"):
        digests(folder)
