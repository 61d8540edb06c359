"""Lab folders as values: what belongs in one, its digest, and its archive."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from labctl.errors import UsageError
from labctl.library import folder as folders
from labctl.library.folder import Folder, FolderFault, LabFileEntry, read_archive, read_folder


def make(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_folder_comes_back_from_its_archive(tmp_path: Path) -> None:
    make(tmp_path / "lab", a="1", setup__r1="2", files__deep__er="3")
    (tmp_path / "lab/setup/r1").chmod(0o755)
    folder = read_folder(tmp_path / "lab")
    assert list(folder.files) == ["a", "files/deep/er", "setup/r1"]
    assert folder.content("setup/r1") == b"2"
    assert folder.files["setup/r1"].executable
    again = read_archive(folder.archive())
    assert again == folder
    assert again.archive() == folder.archive()
    assert again.digest == folder.digest
    folder.extract(tmp_path / "out")
    assert read_folder(tmp_path / "out") == folder
    with pytest.raises(UsageError, match="not empty"):
        folder.extract(tmp_path / "out")
    with pytest.raises(KeyError):
        folder.content("b")


def test_the_digest_never_changes() -> None:
    folder = Folder(
        {"lab.yaml": LabFileEntry(b"format: 1\n"), "setup/é.sh": LabFileEntry(b"", executable=True)}
    )
    assert folder.digest == "4000780cd302b0e8872e0d6fb2e895f327e84dd375f73d355710761bb139c6f1"


def test_names_modes_and_bytes_each_change_the_digest(tmp_path: Path) -> None:
    path = make(tmp_path, a="1", b="2") / "a"
    digests = {read_folder(tmp_path).digest}
    path.write_text("3")
    digests.add(read_folder(tmp_path).digest)
    path.chmod(0o755)
    digests.add(read_folder(tmp_path).digest)
    path.rename(tmp_path / "c")
    digests.add(read_folder(tmp_path).digest)
    assert len(digests) == 4


def test_what_does_not_matter_does_not_change_the_digest(tmp_path: Path) -> None:
    make(tmp_path, a="1")
    before = read_folder(tmp_path).digest
    os.utime(tmp_path / "a", (1, 1))
    (tmp_path / "a").chmod(0o600)
    (tmp_path / "empty").mkdir()
    make(tmp_path / "__pycache__", x="2")
    make(tmp_path, **{"a~": "4", ".a.swp": "5"})
    assert read_folder(tmp_path).digest == before


def test_everything_that_does_not_belong_is_named_at_once(tmp_path: Path) -> None:
    make(tmp_path, a="1", d__b="2")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "d" / "inside").symlink_to("b")
    (tmp_path / "linked").symlink_to(tmp_path / "d")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / os.fsdecode(b"\xff")).write_text("")
    (tmp_path / "a\nb").write_text("")
    with pytest.raises(FolderFault) as caught:
        read_folder(tmp_path)
    lines = caught.value.message.splitlines()
    assert len(lines) == 6
    for text in ("link: a link", "inside: a link", "linked: a link", "fifo: neither", "not UTF-8"):
        assert text in caught.value.message


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FolderFault, match="no such directory"):
        read_folder(tmp_path / "nothing")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, a="1" * 10, b="2" * 10, c="3")
    monkeypatch.setattr(folders, "MAX_FILES", 2)
    with pytest.raises(FolderFault, match="more than 2 files"):
        read_folder(tmp_path)
    monkeypatch.setattr(folders, "MAX_BYTES", 5)
    with pytest.raises(FolderFault, match="larger than"):
        read_folder(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (make(tmp_path, a="1") / "a").chmod(0)
    with pytest.raises(FolderFault, match="cannot be read"):
        read_folder(tmp_path)


def archive_of(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b""))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "a//b", "./a"])
def test_an_archive_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(FolderFault, match="leads out"):
        read_archive(archive_of(tarfile.TarInfo(name)))


def test_an_archive_with_a_link_is_refused() -> None:
    link = tarfile.TarInfo("a")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(FolderFault, match="no plain file"):
        read_archive(archive_of(link))


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"x" * 2000])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(FolderFault, match="cannot be read"):
        read_archive(content)


def test_a_folder_value_that_leads_out_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(FolderFault, match="leads out"):
        Folder({"../a": LabFileEntry(b"")}).extract(tmp_path / "out")
    assert not (tmp_path / "a").exists()
