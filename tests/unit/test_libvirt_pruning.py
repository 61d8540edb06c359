"""Old disks of machines: what goes, and what is kept because something stands on it."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from labctl.errors import ProviderError
from labctl.images.digest import tag
from labctl.images.disks import abandoned, making, set_name
from labctl.images.library import ImageLibrary
from labctl.providers.libvirt import pruning
from labctl.providers.libvirt.pruning import remove_superseded

OLD = "labctl-machine-000000000000-1"
OLD_OBSERVER = "labctl-observer-000000000000-1"


class Server:
    """The folders of a server; a disk's file names what it is laid over."""

    def __init__(self, top: Path) -> None:
        self.disks, self.machines = top / "disks", top / "machines"
        self.disks.mkdir()
        library = ImageLibrary()
        self.new = set_name(tag(library.image("machine"), library))
        self.observer = set_name(tag(library.image("observer"), library))
        for name in (OLD, OLD_OBSERVER, self.new, self.observer):
            (self.disks / name).mkdir()
            (self.disks / name / "root.img").write_text("")

    def warm(self, name: str, root: str, observer: str) -> Path:
        """A warm state over the disk of one set, with the observer of another."""
        place = self.disks / f"warm-{name}"
        place.mkdir()
        below, beside = (self.disks / each / "root.img" for each in (root, observer))
        (place / "root.qcow2").write_text(str(below))
        files = (place / "root.qcow2", beside)
        disks = "".join(f"<disk><source file='{each}'/></disk>" for each in files)
        text = f"<domain><devices>{disks}</devices></domain>".encode() + b"\0"
        head = struct.pack("<16s5I56x", b"LibvirtQemudSave", 2, len(text), 1, 0, 0)
        (place / "memory.save").write_bytes(head + text + b"stream")
        return place

    def machine(self, below: Path) -> Path:
        """The disk of a host's machine, laid over another."""
        disk = self.machines / "12345678/abc123/pc1/root.qcow2"
        disk.parent.mkdir(parents=True)
        disk.write_text(str(below))
        return disk

    def prune(self) -> set[str]:
        told: list[str] = []
        gone = remove_superseded(told.append, folder=self.disks, machines=self.machines)
        assert told == list(gone)
        assert not any((self.disks / name).exists() for name in gone)
        return set(gone)

    def left(self) -> set[str]:
        return {place.name for place in self.disks.iterdir()}


def read_backing(path: Path) -> Path | None:
    try:
        text = path.read_text()
    except FileNotFoundError as error:
        raise ProviderError(str(error)) from error
    return Path(text) if text else None


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(pruning, "backing", read_backing)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return Server(tmp_path)


def test_what_belongs_to_no_image_of_today_goes(server: Server) -> None:
    server.warm("old", OLD, server.observer)
    server.warm("old-observer", server.new, OLD_OBSERVER)
    server.warm("new", server.new, server.observer)
    assert server.prune() == {OLD, OLD_OBSERVER, "warm-old", "warm-old-observer"}
    assert server.left() == {server.new, server.observer, "warm-new"}
    assert server.prune() == set()


def test_what_a_machine_is_laid_over_stays_with_all_below_it(server: Server) -> None:
    state = server.warm("old", OLD, OLD_OBSERVER)
    disk = server.machine(state / "root.qcow2")
    assert server.prune() == {OLD_OBSERVER}
    disk.unlink()
    assert server.prune() == {OLD, "warm-old"}


def test_what_a_process_has_open_stays(server: Server) -> None:
    with (server.disks / OLD_OBSERVER / "root.img").open():
        assert server.prune() == {OLD}
    assert server.prune() == {OLD_OBSERVER}


@pytest.mark.parametrize("damage", [b"", b"no such layout", b"LibvirtQemudSave"])
def test_a_warm_state_that_cannot_be_read_goes(server: Server, damage: bytes) -> None:
    state = server.warm("new", server.new, server.observer)
    (state / "memory.save").write_bytes(damage)
    assert "warm-new" in server.prune()


def test_what_killed_makers_left_goes_and_nobody_elses_does(server: Server) -> None:
    left = server.disks / ".making-left"
    left.mkdir()
    with making(server.disks) as at_work:
        assert abandoned(server.disks) == (left,)
        server.prune()
        assert at_work.is_dir()
    assert not left.exists()
    assert not at_work.exists()


def test_only_root_sees_what_is_in_use(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ProviderError, match="2 old disks") as caught:
        server.prune()
    assert "sudo labctl images prune" in caught.value.hint
    assert {OLD, OLD_OBSERVER} <= server.left()


def test_a_server_without_machines_has_nothing_to_remove(tmp_path: Path) -> None:
    none, neither = tmp_path / "none", tmp_path / "neither"
    assert remove_superseded(folder=none, machines=neither) == ()
