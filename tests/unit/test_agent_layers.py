"""What a container has written is told by its upper layer, and nothing leads out of that."""

from __future__ import annotations

import os
import stat
import subprocess
from base64 import urlsafe_b64decode
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checkers.agent import hosts, layers, system

TABLE = (
    b"30 1 0:22 / /proc rw - proc proc rw\n"
    b"31 1 0:7 / / rw,relatime - overlay overlay "
    b"rw,lowerdir=/d/l/A:/d/l/B\\040C,upperdir=/d/up/diff,workdir=/d/up/work\n"
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A server's tree with an upper layer over two of an image."""
    for each in ("up", "a", "b"):
        (tmp_path / each / "etc").mkdir(parents=True)
    (tmp_path / "b/etc/old").write_text("1")
    (tmp_path / "b/etc/gone").write_text("1")
    (tmp_path / "b/etc/again").write_text("1")
    os.mknod(tmp_path / "a/etc/again", stat.S_IFCHR, 0)
    (tmp_path / "up/etc/old").write_text("2")
    (tmp_path / "up/etc/new").write_text("2")
    (tmp_path / "up/etc/again").write_text("2")
    os.mknod(tmp_path / "up/etc/gone", stat.S_IFCHR, 0)
    (tmp_path / "up/srv/deep").mkdir(parents=True)
    (tmp_path / "up/srv/deep/file").write_text("2")
    (tmp_path / "up/srv/out").symlink_to("/etc")
    return tmp_path


def walked(server: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(system, "keep_only", lambda _: None)  # this process has more to do
    root = os.open(server, os.O_PATH | os.O_DIRECTORY)
    try:
        found = layers.changes(layers.Layers(b"/up", (b"/a", b"/b")), root)
    finally:
        os.close(root)
    rows = {urlsafe_b64decode(row["path"]).decode(): row["how"] for row in found["changes"]}
    return rows | ({"truncated": "yes"} if found["truncated"] else {})


def test_what_was_added_changed_and_deleted(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert walked(made, monkeypatch) == {
        "/etc": "changed",
        "/etc/old": "changed",
        "/etc/new": "added",
        "/etc/again": "added",
        "/etc/gone": "deleted",
        "/srv": "added",
        "/srv/deep": "added",
        "/srv/deep/file": "added",
        "/srv/out": "added",
    }


def test_filling_one_directory_hides_no_other(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        (made / f"up/etc/{number}").touch()
    monkeypatch.setattr(layers, "MOST_NAMES", 10)
    found = walked(made, monkeypatch)
    assert found["/srv/deep/file"] == "added"
    assert found["truncated"]
    assert len(found) < 20


def test_what_goes_away_meanwhile_is_passed_over(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = os.stat

    def gone(path: Any, **how: Any) -> os.stat_result:
        if path == "new":
            raise FileNotFoundError
        return look(path, **how)

    monkeypatch.setattr(os, "stat", gone)
    found = walked(made, monkeypatch)
    assert "/etc/new" not in found
    assert found["/etc/old"] == "changed"


def test_the_list_has_an_end(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MOST", 3)
    found = walked(made, monkeypatch)
    assert len(found) == 4
    assert found["truncated"]


def test_a_path_that_is_too_long_is_left_out(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = os.open(made / "up/srv", os.O_DIRECTORY)
    for _ in range(20):
        os.mkdir("n" * 250, dir_fd=at)
        inner = os.open("n" * 250, os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)
    found = walked(made, monkeypatch)
    assert found["truncated"]
    assert found["/etc/new"] == "added"


def test_the_layers_stand_in_the_table_of_mounts() -> None:
    found = layers.find(TABLE, os.makedev(0, 7))
    assert found == layers.Layers(b"/d/up/diff", (b"/d/l/A", b"/d/l/B C"))


@pytest.mark.parametrize(
    "table, number",
    [
        (TABLE, 22),  # another file system
        (TABLE, 8),  # none of that number
        (b"", 7),
        (TABLE.replace(b"upperdir=/d", b"upperdir=d"), 7),  # beside some directory of the engine's
        (b"31 1 0:7 / / rw - overlay overlay\n", 7),
    ],
)
def test_without_a_layer_it_says_so(table: bytes, number: int) -> None:
    with pytest.raises(layers.NoLayer, match="no layer"):
        layers.find(table, os.makedev(0, number))


def host(**about: Any) -> Any:
    usual = {"name": "pc", "own_kernel": False, "pid": os.getpid(), "start_time": 0, "root": 0}
    return SimpleNamespace(**usual | about)


def test_a_machine_has_no_layers() -> None:
    with pytest.raises(layers.NoLayer, match="a machine's disk"):
        layers.of_host(host(own_kernel=True))


def test_a_host_that_is_another_by_now_is_not_looked_at() -> None:
    with pytest.raises(layers.NoLayer, match="pc is not running"):
        layers.of_host(host(start_time=1))


def test_a_root_directory_that_is_no_overlay_has_no_layers() -> None:
    root = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    own = hosts.start_time(os.getpid())
    try:
        with pytest.raises(layers.NoLayer, match="no layer"):
            layers.of_host(host(start_time=own, root=root))
    finally:
        os.close(root)


def test_the_server_is_where_the_engine_runs() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        found = layers.server_of(host(pid=child.pid))
    assert os.path.samestat(os.fstat(found), Path("/").stat())
    os.close(found)
