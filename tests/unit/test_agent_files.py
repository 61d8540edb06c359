"""The reader tells what is there as it is; nothing can hold it, mislead it or lead it out."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkers import codec
from checkers.agent import files, system
from checkers.model import Directory, DirectoryResult, File, FileResult
from checkers.storage import Filesystem, FilesystemResult

SECONDS = 5.0
"""No look may take longer, whatever is in the way."""

ACL = bytes.fromhex("0200000001000600ffffffff020007000a00000004000500ffffffff")
ACL += bytes.fromhex("10000700ffffffff20000400ffffffff")


class Tree:
    """A host's root directory, and looks at it as the agent takes them."""

    def __init__(self, root: Path) -> None:
        self.path = root
        self.root = os.open(root, os.O_PATH | os.O_DIRECTORY)

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def look(self, path: bytes | str, limit: int = 0, *, follow: bool = True) -> FileResult:
        probe = File("pc", os.fsencode(path), limit, follow)
        answer = self._timed(lambda: files.look(self.root, codec.probe_to_json(probe)))
        result = codec.result_from_json("file", answer)
        assert isinstance(result, FileResult)
        return result

    def names(self, path: bytes | str, limit: int = 100) -> DirectoryResult:
        probe = Directory("pc", os.fsencode(path), limit)
        answer = self._timed(lambda: files.names(self.root, codec.probe_to_json(probe)))
        result = codec.result_from_json("directory", answer)
        assert isinstance(result, DirectoryResult)
        return result

    def filesystem(self, path: bytes | str) -> FilesystemResult:
        probe = Filesystem("pc", os.fsencode(path))
        answer = self._timed(lambda: files.filesystem(self.root, codec.probe_to_json(probe)))
        result = codec.result_from_json("filesystem", answer)
        assert isinstance(result, FilesystemResult)
        return result

    def _timed(self, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The answer of `act`, unless it hangs."""
        found: list[Any] = []

        def run() -> None:
            try:
                found.append(act())
            except Exception as problem:  # noqa: BLE001  # raised again in the test's thread
                found.append(problem)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(SECONDS)
        assert found, "the reader hangs"
        if isinstance(found[0], Exception):
            raise found[0]
        answer: dict[str, Any] = found[0]
        return answer


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    made = Tree(tmp_path)
    yield made
    os.close(made.root)


# --------------------------------------------------------------------------- what is there


def test_a_file_and_its_content(tree: Tree) -> None:
    (tree / "etc").mkdir()
    (tree / "etc/motd").write_bytes(b"hello\n")
    (tree / "etc/motd").chmod(0o4640)
    os.utime(tree / "etc/motd", (1, 1_700_000_000.25))
    found = tree.look("/etc/motd", 100)
    assert (found.type, found.mode, found.size, found.links) == ("file", 0o4640, 6, 1)
    assert (found.uid, found.gid) == (os.geteuid(), os.getegid())
    assert found.mtime == 1_700_000_000.25
    assert (found.content, found.truncated) == (b"hello\n", False)
    assert found.sha256 == hashlib.sha256(b"hello\n").hexdigest()


def test_a_device_node_has_a_number(tree: Tree) -> None:
    try:
        os.mknod(tree / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes device nodes")
    found = tree.look("/null", 10)
    assert (found.type, found.number, found.content) == ("char", "1:3", None)
    (tree / "motd").touch()
    assert tree.look("/motd").number is None


@pytest.mark.parametrize(
    "path, kernels",
    [
        ("/proc/1/mountinfo", True),
        ("//proc/./swaps", True),
        ("/sys/block", True),
        ("/sys/class/net/eth0/speed", True),
        ("/sys/fs/cgroup/cpu.stat", False),
        ("/sys/kernel/debug", False),
        ("/sys", False),
        ("/process", False),
        ("/etc/proc/x", False),
        ("/proc/../etc/passwd", False),
        ("/", False),
        ("", False),
    ],
)
def test_paths_that_lead_to_the_kernel(path: str, kernels: bool) -> None:
    assert files.of_kernel(os.fsencode(path)) is kernels


def test_content_is_read_only_when_it_is_asked_for(tree: Tree) -> None:
    (tree / "motd").write_bytes(b"hello\n")
    found = tree.look("/motd")
    assert (found.content, found.sha256, found.size) == (None, None, 6)


@pytest.mark.parametrize("limit, truncated", [(5, True), (6, False), (7, False)])
def test_content_is_cut_at_the_limit(tree: Tree, limit: int, truncated: bool) -> None:
    (tree / "motd").write_bytes(b"hello\n")
    found = tree.look("motd", limit)
    assert found.content == b"hello\n"[:limit]
    assert found.truncated is truncated
    assert (found.sha256 is None) is truncated


def test_an_empty_file_has_content(tree: Tree) -> None:
    (tree / "empty").touch()
    assert tree.look("/empty", 10).content == b""


@pytest.mark.parametrize(
    "path, why",
    [
        ("/nothing", "no such file"),
        ("/motd/x", "not a directory"),
        ("/motd/", "not a directory"),
        ("/loop", "loop"),
        ("/" + "x" * 300, "too long"),
        ("/" + "x/" * 3000, "too long"),
        ("", "no such file"),
        ("/dangling", "no such file"),
    ],
)
def test_what_is_not_there(tree: Tree, path: str, why: str) -> None:
    (tree / "motd").touch()
    (tree / "loop").symlink_to("loop2")
    (tree / "loop2").symlink_to("/loop")
    (tree / "dangling").symlink_to("/gone")
    found = tree.look(path, 10)
    assert found.type is None
    assert why in found.why


def test_a_zero_byte_in_a_path_names_nothing(tree: Tree) -> None:
    (tree / "motd").touch()
    with pytest.raises(files.Unreadable):
        tree.look(b"/motd\0.old", 10)


@given(name=st.binary(min_size=1, max_size=60).filter(lambda n: not {0, 47} & set(n)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_name_that_the_kernel_takes(tree: Tree, name: bytes) -> None:
    if name in (b".", b".."):
        return
    path = os.path.join(os.fsencode(tree.path), name)  # noqa: PTH118  # bytes
    Path(os.fsdecode(path)).write_bytes(name)
    try:
        assert tree.look(b"/" + name, 100).content == name
        entries = tree.names("/").entries or ()
        assert [entry.name for entry in entries] == [name]
    finally:
        os.unlink(path)  # noqa: PTH108  # bytes


# --------------------------------------------------------------------------- what is no file


def test_pipes_sockets_devices_and_directories_are_told_and_never_opened(tree: Tree) -> None:
    os.mkfifo(tree / "fifo")
    (tree / "dir").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        place = os.open(tree.path, os.O_RDONLY)
        try:
            listener.bind(f"/proc/self/fd/{place}/socket")
        finally:
            os.close(place)
        kinds = {name: tree.look(f"/{name}", 100) for name in ("fifo", "dir", "socket")}
    assert {name: found.type for name, found in kinds.items()} == {
        "fifo": "fifo",
        "dir": "directory",
        "socket": "socket",
    }
    assert all(found.content is None for found in kinds.values())


def test_a_character_device() -> None:
    server = Tree(Path("/"))
    assert server.look("/dev/zero", 100).type == "char"
    assert server.look("/dev/zero", 100).content is None
    os.close(server.root)


def test_nobody_waits_at_a_pipe_that_somebody_writes_to(tree: Tree) -> None:
    os.mkfifo(tree / "fifo")
    writer = os.open(tree / "fifo", os.O_RDWR)
    os.write(writer, b"hello")
    assert tree.look("/fifo", 100).content is None
    assert os.read(writer, 100) == b"hello", "the look took what was in the pipe"
    os.close(writer)


def test_a_gigabyte_of_nothing_is_cut_at_once(tree: Tree) -> None:
    with (tree / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    found = tree.look("/sparse", 1 << 20)
    assert (found.size, found.truncated, found.sha256) == (1 << 30, True, None)
    assert found.content == bytes(1 << 20)


def test_no_check_can_have_more_read_than_the_observer_has_room_for(tree: Tree) -> None:
    with (tree / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    found = tree.look("/sparse", 1 << 40)
    assert found.truncated
    assert len(found.content or b"") == files.LARGEST_READ


def test_a_file_under_a_lease_is_an_error_of_the_host(tree: Tree) -> None:
    path = tree / "leased"
    path.write_bytes(b"hello")
    holder = path.open("r+b")
    fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    # The kernel tells the holder by SIGIO that somebody wants the file.
    fcntl.fcntl(holder, fcntl.F_SETOWN, 0)
    try:
        assert tree.look("/leased").type == "file"
        with pytest.raises(files.Unreadable, match="lease"):
            tree.look("/leased", 100)
    finally:
        fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        holder.close()


def test_a_file_that_grows_while_it_is_read(tree: Tree) -> None:
    path, stop = tree / "log", threading.Event()
    path.write_bytes(b"x" * 1000)

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"y" * 4096)
                if file.tell() > 64 << 20:
                    return

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        found = tree.look("/log", 100_000)
        assert len(found.content or b"") <= 100_000
    finally:
        stop.set()
        writer.join()


def test_a_file_that_is_swapped_is_one_of_the_two_and_never_a_mixture(tree: Tree) -> None:
    """What was looked at is what is read, whatever stands under the name by then."""
    sizes = {"good": 100, "evil": 200_000}
    for name, size in sizes.items():
        (tree / name).write_bytes(name[:1].encode() * size)
    os.mkfifo(tree / "pipe")
    (tree / "away").symlink_to("/proc/self/root/etc/passwd")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for name in ("good", "evil", "pipe", "away"):
                link = tree / "next"
                if name == "away":
                    link.symlink_to("away")
                else:
                    os.link(tree / name, link)
                link.rename(tree / "file")

    (tree / "file").write_bytes(b"g" * 100)
    swapper = threading.Thread(target=swap)
    swapper.start()
    kinds = set()
    try:
        for _ in range(300):
            found = tree.look("/file", 1 << 20)
            kinds.add(found.type)
            if found.content:
                assert (
                    found.size
                    == len(found.content)
                    == sizes["good" if found.content[:1] == b"g" else "evil"]
                )
                assert set(found.content) == set(found.content[:1])
    finally:
        stop.set()
        swapper.join()
    assert "file" in kinds


# --------------------------------------------------------------------------- links


def test_links_are_followed_within_the_host_only(tree: Tree) -> None:
    (tree / "etc").mkdir()
    (tree / "etc/passwd").write_bytes(b"of the host")
    for name, target in {
        "absolute": "/etc/passwd",
        "upwards": "../../../../../etc/passwd",
        "relative": "etc/passwd",
        "dir": "/etc",
    }.items():
        (tree / name).symlink_to(target)
    for path in ("/absolute", "/upwards", "/relative", "/dir/passwd", "/../../etc/passwd"):
        assert tree.look(path, 100).content == b"of the host", path


@pytest.mark.parametrize("name", ["root", "cwd", "exe", "fd/0"])
def test_links_of_the_kernels_own_lead_nowhere(name: str) -> None:
    server = Tree(Path("/"))
    try:
        found = server.look(f"/proc/{os.getpid()}/{name}/etc/passwd", 100)
        assert found.type is None
        found = server.look(f"/proc/{os.getpid()}/{name}", 100)
        assert found.type is None or found.content is None
    finally:
        os.close(server.root)


def test_a_link_itself(tree: Tree) -> None:
    (tree / "link").symlink_to(b"to/\xff\x1b[31m")
    found = tree.look("/link", 100, follow=False)
    assert (found.type, found.target) == ("link", b"to/\xff\x1b[31m")
    assert found.content is None


def test_links_in_the_middle_are_followed_when_the_last_is_not(tree: Tree) -> None:
    (tree / "etc").mkdir()
    (tree / "etc/link").symlink_to("nowhere")
    (tree / "dir").symlink_to("/etc")
    assert tree.look("/dir/link", follow=False).target == b"nowhere"


# --------------------------------------------------------------------------- attributes


def test_an_access_list(tree: Tree) -> None:
    (tree / "dir").mkdir()
    os.setxattr(tree / "dir", "system.posix_acl_access", ACL)
    os.setxattr(tree / "dir", "system.posix_acl_default", ACL)
    (tree / "plain").touch()
    found = tree.look("/dir")
    assert (found.acl, found.default_acl) == (ACL, ACL)
    assert tree.look("/plain").acl is None


def test_an_access_list_that_cannot_be_read_is_not_taken_for_none(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "file").touch()

    def refuse(*_: object) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "getxattr", refuse)
    with pytest.raises(files.Unreadable):
        tree.look("/file")


def test_a_fault_of_the_disk_is_not_the_hosts(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "file").write_bytes(b"x")

    def break_down(*_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "read", break_down)
    with pytest.raises(OSError, match="Input/output"):
        tree.look("/file", 10)


# --------------------------------------------------------------------------- directories


def test_a_directory_is_listed_in_order_with_types(tree: Tree) -> None:
    (tree / "b").mkdir()
    (tree / "a").touch()
    os.mkfifo(tree / "d")
    (tree / "c").symlink_to("b")
    found = tree.names("/")
    assert [(entry.name, entry.type) for entry in found.entries or ()] == [
        (b"a", "file"),
        (b"b", "directory"),
        (b"c", "link"),
        (b"d", "other"),
    ]


@pytest.mark.parametrize("limit, truncated", [(2, True), (3, False), (4, False)])
def test_a_long_directory_is_cut(tree: Tree, limit: int, truncated: bool) -> None:
    for name in "abc":
        (tree / name).touch()
    found = tree.names("/", limit)
    assert len(found.entries or ()) == min(limit, 3)
    assert found.truncated is truncated


@pytest.mark.parametrize("path", ["/file", "/fifo", "/nothing", "/file/x"])
def test_what_is_no_directory(tree: Tree, path: str) -> None:
    (tree / "file").touch()
    os.mkfifo(tree / "fifo")
    found = tree.names(path)
    assert found.entries is None
    assert found.why


def test_no_descriptor_is_left_open(tree: Tree) -> None:
    (tree / "file").write_bytes(b"x")
    (tree / "link").symlink_to("file")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # a count
    for path in ("/file", "/link", "/nothing", "/"):
        tree.look(path, 10)
        tree.look(path, 10, follow=False)
        tree.names(path)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  # as above


def test_types_cover_every_kind_of_file() -> None:
    assert {stat.S_IFMT(kind) for kind in files.TYPES} == set(files.TYPES)


def test_openat2_names_its_error(tree: Tree) -> None:
    with pytest.raises(FileNotFoundError):
        system.openat2(tree.root, b"/nothing", os.O_PATH)


# --------------------------------------------------------------------------- file systems


def test_how_full_a_file_system_is(tree: Tree) -> None:
    found = tree.filesystem("/")
    known = os.statvfs(tree.path)
    assert found.device == tree.path.stat().st_dev
    assert found.size == known.f_blocks * known.f_frsize
    assert 0 <= found.available <= found.free <= found.size


def test_a_file_system_is_asked_about_inside_the_tree_only(tree: Tree) -> None:
    (tree / "out").symlink_to("/proc")
    assert tree.filesystem("/out").why == "no such file"
    (tree / "loop").symlink_to("loop")
    assert tree.filesystem("/loop").device is None
    with pytest.raises(files.Unreadable):
        tree.filesystem(b"/a\0b")
