"""The file of a backup: a compressed tar whose last member says what the others are.

    about.json     what it is a backup of; first, so that a wrong one is refused at once
    labctl.db      the record, as an SQLite file whatever database it was in
    policy.yaml    the centre's rules, where there were any
    keys/…         the centre's key, where it has one
    blobs/ab/…     the content-addressed files, as they were
    manifest.json  size and SHA-256 of all of the above; last, so that a part is never whole
    manifest.sig   the key's signature of that, 64 bytes

`tar xzf` reads it where no labctl is.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from labctl.centre import signing
from labctl.centre.signing import SigningKey
from labctl.errors import StoreError
from labctl.store.home import PRIVATE

ABOUT, MANIFEST, SIGNATURE = "about.json", "manifest.json", "manifest.sig"
RECORD = "labctl.db"
POLICY = "policy.yaml"
BLOBS = "blobs/"
KEY = f"{signing.FOLDER}/{signing.FILE}"

FORMAT = 1
KIND = "labctl backup"

_LEVEL = 1
"""gzip's fastest: nearly all of it is compressed already."""

_CHUNK = 1 << 20
_MOST_TOLD = 3
_MEMBER = re.compile(r"labctl\.db|policy\.yaml|keys/signing\.pem|blobs/[0-9a-f]{2}/[0-9a-f]{62}")


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of itself.

    `made` is UTC, `version` labctl's, `tables` the version of the record's tables. `problems` is
    what did not add up in the record when the backup was made. `key` is the public key that proves
    the signature, in hex; empty where the centre had none.
    """

    made: str
    installation: str
    version: str
    tables: str
    sessions: int
    problems: tuple[str, ...] = ()
    key: str = ""

    @property
    def fingerprint(self) -> str:
        """Of the key that signed it, as it stands on paper; empty where none has."""
        return signing.fingerprint(bytes.fromhex(self.key)) if self.key else ""


@dataclass
class Writer:
    """Adds members to an archive, and keeps account of them."""

    tar: tarfile.TarFile
    manifest: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, content: bytes) -> None:
        """Add a member with this content."""
        self._add(name, len(content), io.BytesIO(content))

    def add_file(self, name: str, path: Path) -> None:
        """Add a member with the file's content; raises `OSError`."""
        with path.open("rb") as file:
            self._add(name, path.stat().st_size, file)

    def _add(self, name: str, size: int, content: IO[bytes]) -> None:
        about = tarfile.TarInfo(name)
        about.size, about.mode = size, 0o600
        told = _Digested(content)
        self.tar.addfile(about, cast("IO[bytes]", told))
        self.manifest[name] = {"size": size, "sha256": told.digest.hexdigest()}


class _Digested:
    """A file whose bytes are digested as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(size)
        self.digest.update(found)
        return found


@contextmanager
def writing(path: Path, about: About, key: SigningKey | None) -> Iterator[Writer]:
    """Write an archive to `path`; it is whole when the body has ended. Raises `OSError`."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_LEVEL, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        writer = Writer(tar)
        told = {"kind": KIND, "format": FORMAT, **asdict(about)}
        writer.add(ABOUT, _spelled(told))
        yield writer
        manifest = _spelled(writer.manifest)
        writer.add(MANIFEST, manifest)
        if key is not None:
            writer.add(SIGNATURE, key.sign(manifest))


def _spelled(data: object) -> bytes:
    return json.dumps(data, indent=1, sort_keys=True).encode() + b"\n"


# --------------------------------------------------------------------------- reading


def read_about(path: Path) -> About:
    """What the backup `path` says of itself; raises `StoreError` for what is none."""
    with _reading(path) as reader:
        return reader.about


def unpack(path: Path, folder: Path) -> About:
    """Write all that the backup holds into `folder`, and prove that it is as it was.

    Raises `StoreError` that names what is missing or was changed, `OSError` where `folder` cannot
    be written. What it leaves then is of no use.
    """
    with _reading(path) as reader:
        reader.unpack(folder)
        return reader.about


@contextmanager
def _reading(path: Path) -> Iterator[_Reader]:
    reader: _Reader | None = None
    try:
        with path.open("rb") as raw:
            reader = _Reader(path, raw)
            yield reader
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise (_not_ours(path) if reader is None else reader.damage(error)) from error
    except FileNotFoundError as error:
        if reader is None:
            raise StoreError(f"There is no backup `{path}`.") from error
        raise
    except OSError as error:
        if reader is None:
            raise StoreError(f"`{path}` cannot be read: {error.strerror}.") from error
        raise


def _not_ours(path: Path) -> StoreError:
    return StoreError(
        f"`{path}` is no backup of labctl, or its beginning is damaged.",
        "Name a file that `labctl backup` has written.",
    )


class _Reader:
    """An archive that is read from its beginning to its end, once."""

    def __init__(self, path: Path, raw: IO[bytes]) -> None:
        self._path = path
        self._packed = gzip.GzipFile(fileobj=raw)
        self._tar = tarfile.open(fileobj=self._packed, mode="r|")  # noqa: SIM115  # as is `raw`
        self._found: dict[str, dict[str, Any]] = {}
        self._said: Mapping[str, Any] | None = None
        self._manifest = self._signature = b""
        first = self._tar.next()
        content = b"" if first is None or first.name != ABOUT else self._content(first)
        self.about = self._understood(content)

    def _understood(self, content: bytes) -> About:
        try:
            told = json.loads(content)
            if told.pop("kind") != KIND:
                raise _not_ours(self._path)
            if told.pop("format") != FORMAT:
                raise StoreError(
                    f"`{self._path}` was made by a newer labctl.", "Restore it with that version."
                )
            bytes.fromhex(told["key"])
            return About(**told | {"problems": tuple(told["problems"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _not_ours(self._path) from error

    def unpack(self, folder: Path) -> None:
        while (member := self._tar.next()) is not None:
            if member.name == MANIFEST and self._said is None:
                self._manifest = self._content(member)
                self._said = _manifest(self._manifest)
            elif member.name == SIGNATURE and self._said is not None and not self._signature:
                self._signature = self._content(member)
            elif self._said is None and member.isfile() and _MEMBER.fullmatch(member.name):
                self._keep(member, folder / member.name)
            else:
                raise self._altered([member.name])
        if self._said is None:
            raise self.damage(EOFError())
        while self._packed.read(_CHUNK):
            pass  # to the end, where the checksum is
        self._prove()
        if self.about.key or self._signature:
            public = bytes.fromhex(self.about.key)
            if not signing.signed(public, self._signature, self._manifest):
                raise self._altered([SIGNATURE])

    def _keep(self, member: tarfile.TarInfo, path: Path) -> None:
        path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        digest, source = hashlib.sha256(), self._tar.extractfile(member)
        assert source is not None
        with path.open("xb") as file:
            path.chmod(0o600)
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
        self._found[member.name] = {"size": member.size, "sha256": digest.hexdigest()}

    def _content(self, member: tarfile.TarInfo) -> bytes:
        source = self._tar.extractfile(member)
        content = source.read() if source else b""
        told = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        self._found[member.name] = told
        return content

    def _prove(self) -> None:
        """Raise `StoreError` unless all is there that the manifest names, and as it says."""
        assert self._said is not None
        last = (MANIFEST, SIGNATURE)
        found = {name: told for name, told in self._found.items() if name not in last}
        wrong = [
            name for name in {**self._said, **found} if self._said.get(name) != found.get(name)
        ]
        if wrong or RECORD not in found:
            raise self._altered(wrong or [RECORD])

    def _altered(self, names: list[str]) -> StoreError:
        rest = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
        told = ", ".join(f"`{name}`" for name in names[:_MOST_TOLD])
        return StoreError(
            f"`{self._path}` is not as it was written: {told}{rest} was changed or is missing.",
            _ANOTHER,
        )

    def damage(self, error: Exception) -> StoreError:
        """The error for bytes that cannot be read on, with what is known of the place."""
        if self._said is not None:
            try:
                self._prove()
            except StoreError as altered:
                return altered
        last = next(reversed(self._found), ABOUT)
        how = "is cut off" if isinstance(error, EOFError) else "is damaged"
        return StoreError(f"`{self._path}` {how} after `{last}`.", _ANOTHER)


_ANOTHER = "Nothing was restored. Take another backup, or another copy of this one."


def _manifest(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
