"""Large values by digest: whole or not there, and proved at every reading."""

from __future__ import annotations

import errno
import hashlib
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labctl.errors import StoreError
from labctl.store import Store
from labctl.store.blobs import Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path)


def file_of(blobs: Blobs, digest: str) -> Path:
    return blobs.root / digest[:2] / digest[2:]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_what_goes_in_comes_out(blobs: Blobs, content: bytes) -> None:
    digest = blobs.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert blobs.get(digest) == content
    assert blobs.has(digest)


def test_files_are_private_compressed_and_written_once(blobs: Blobs) -> None:
    digest = blobs.put(b"a" * 100_000)
    path = file_of(blobs, digest)
    assert path.stat().st_size < 1000
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    before = path.stat().st_ino
    assert blobs.put(b"a" * 100_000) == digest
    assert path.stat().st_ino == before


@pytest.mark.parametrize("damage", [b"", b"not zlib", zlib.compress(b"something else")])
def test_damage_is_named_and_mended_by_putting_again(blobs: Blobs, damage: bytes) -> None:
    digest = blobs.put(b"evidence")
    file_of(blobs, digest).write_bytes(damage)
    with pytest.raises(StoreError, match=f"`{digest}` is damaged"):
        blobs.get(digest)
    assert blobs.put(b"evidence") == digest
    assert blobs.get(digest) == b"evidence"


def test_every_flipped_bit_is_found(blobs: Blobs) -> None:
    digest = blobs.put(b"evidence")
    path = file_of(blobs, digest)
    sound = path.read_bytes()
    for bit in range(len(sound) * 8):
        raw = bytearray(sound)
        raw[bit // 8] ^= 1 << bit % 8
        path.write_bytes(raw)
        try:
            read = blobs.get(digest)
        except StoreError:
            continue
        assert read == b"evidence"  # bits of the zlib header that mean nothing


def test_a_missing_blob_is_named(blobs: Blobs) -> None:
    with pytest.raises(StoreError, match="`" + "ab" * 32 + "` is not in the store"):
        blobs.get("ab" * 32)
    assert not blobs.has("ab" * 32)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 32 + "\n"])
def test_only_a_digest_names_a_blob(blobs: Blobs, digest: str) -> None:
    with pytest.raises(StoreError, match="is not a digest"):
        blobs.get(digest)


@pytest.mark.parametrize(
    "number, message",
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EDQUOT, "The disk is full"),
        (errno.EIO, "nothing"),
    ],
)
def test_a_failed_write_leaves_nothing(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        (blobs.root / hashlib.sha256(b"evidence").hexdigest()[:2]).mkdir()
        with pytest.raises(StoreError, match=message) as caught:
            blobs.put(b"evidence")
    assert str(blobs.root) in caught.value.message
    assert caught.value.hint
    assert [path for path in blobs.root.rglob("*") if path.is_file()] == []
    assert blobs.get(blobs.put(b"evidence")) == b"evidence"


def test_an_unreadable_blob_is_an_error_of_the_store(blobs: Blobs) -> None:
    digest = blobs.put(b"evidence")
    file_of(blobs, digest).unlink()
    file_of(blobs, digest).mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        blobs.get(digest)


def test_leftovers_of_killed_writers_are_swept_when_they_are_old(blobs: Blobs) -> None:
    kept = blobs.put(b"evidence")
    old, young = (file_of(blobs, kept).parent / f".part-{name}" for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert blobs.sweep() == 1
    assert young.exists()
    assert blobs.get(kept) == b"evidence"


def test_the_store_keeps_its_blobs_under_its_home(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        digest = store.put_blob(b"evidence")
        assert store.has_blob(digest)
        assert store.get_blob(digest) == b"evidence"
        assert file_of(Blobs(tmp_path / "blobs"), digest).is_file()
        assert store.sweep_blobs() == 0
