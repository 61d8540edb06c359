"""A capture as plain text for people. Whatever came from a host is made harmless to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from checkers import codec
from checkers.model import (
    Directory,
    DirectoryResult,
    File,
    FileResult,
    Observation,
    ProcessesResult,
    Program,
    ProgramResult,
)
from checkers.words import size
from labctl.capture.model import CapturedFile, HostCapture, shown
from labctl.capture.questions import MOUNTS, ORDER
from labctl.harmless import harmless, one_line

TITLES = {
    "addresses": "Addresses",
    "routes": "Routes",
    "firewall": "Firewall rules",
    "listeners": "Listening sockets",
    "processes": "Processes",
    "services": "Services started at boot",
    "users": "Users",
    "groups": "Groups",
    "mounts": "Mounts",
}
NAMES_WIDTH = 90


def sheet(capture: HostCapture) -> str:
    """The whole of a host's capture."""
    lines = [*_head(capture)]
    for name in ORDER:
        rows = [codec.observation_from_json(each) for each in capture.sections.get(name, ())]
        told = [line for seen in rows for line in _told(seen)]
        if told:
            lines += ["", TITLES[name], *(f"    {line}".rstrip() for line in told)]
    lines += [*_packages(capture), *_files(capture), *_gaps(capture), *_texts(capture)]
    return harmless("\n".join(lines)) + "\n"


def _head(capture: HostCapture) -> Iterator[str]:
    rows = [each for some in capture.sections.values() for each in some]
    vantages = sorted({str(each["vantage"]) for each in rows})
    frozen = bool(rows) and all(each["frozen"] for each in rows)
    seen = f", seen from {' and '.join(vantages)}" if vantages else ""
    still = ", standing still" if frozen else ""
    yield f"{capture.host} (image {capture.image}) at the hand-in, {capture.at}{seen}{still}"


# --------------------------------------------------------------------------- sections


def _told(seen: Observation) -> Iterator[str]:
    """What one observation says, in lines."""
    probe, result = seen.probe, seen.result
    if isinstance(probe, Program) and isinstance(result, ProgramResult):
        text = shown(result.stdout).rstrip()
        if text:
            yield "$ " + " ".join(probe.argv)
            yield from text.split("\n")
    elif isinstance(result, ProcessesResult):
        yield from _processes(result)
    elif isinstance(probe, Directory) and isinstance(result, DirectoryResult):
        names = [shown(each.name) for each in result.entries or ()]
        if names:
            yield f"{shown(probe.path)}: {' '.join(one_line(name) for name in names)}"
    elif isinstance(probe, File) and isinstance(result, FileResult):
        if probe.path == MOUNTS and result.content:
            yield from _mounts(result.content)
            return
        if result.type is None and not result.content:
            yield f"{shown(probe.path)}: {result.why}"
            return
        yield f"{shown(probe.path)}:"
        yield from shown(result.content or b"").rstrip("\n").split("\n")


def _mounts(table: bytes) -> Iterator[str]:
    """A table of mounts (proc(5)): where, what kind, from what, how."""
    for line in shown(table).rstrip("\n").split("\n"):
        before, _, after = line.partition(" - ")
        words, kind = before.split(" "), after.split(" ")
        if len(words) < 6 or len(kind) < 2:
            yield line
        else:
            yield f"{words[4]}  {kind[0]}  {kind[1]}  {words[5]}"


def _processes(result: ProcessesResult) -> Iterator[str]:
    yield f"{'PID':>7} {'PPID':>7} {'UID':>6} S  PROGRAM AND ARGUMENTS"
    for each in result.processes:
        argv = " ".join(shown(word) for word in each.argv) or f"[{shown(each.comm)}]"
        exe = "" if not each.exe or each.argv[:1] == (each.exe,) else f"  ({shown(each.exe)})"
        yield f"{each.pid:>7} {each.ppid:>7} {each.uid:>6} {each.state}  {one_line(argv + exe)}"


# --------------------------------------------------------------------------- packages and files


def _packages(capture: HostCapture) -> Iterator[str]:
    if capture.packages:
        yield from ("", f"Packages ({len(capture.packages)})")
        yield from _filled(one_line(each).replace(" ", "=") for each in capture.packages)


def _filled(words: Iterable[str]) -> Iterator[str]:
    """Words in lines of a readable width."""
    line = ""
    for word in words:
        if line and len(line) + len(word) > NAMES_WIDTH:
            yield f"    {line}"
            line = ""
        line = f"{line}  {word}" if line else word
    if line:
        yield f"    {line}"


def _files(capture: HostCapture) -> Iterator[str]:
    if not capture.listed:
        return
    # A directory in which a file was made or removed has changed, and says no more than the file.
    files = [file for file in capture.files if (file.how, file.type) != ("changed", "directory")]
    told = f"{len(files)} of {capture.listed}" if len(files) < capture.listed else len(files)
    yield from ("", f"Files that are not as in the image ({told})")
    yield from (f"    {_line(file)}" for file in files)


def _line(file: CapturedFile) -> str:
    path = one_line(file.path) + (f" -> {one_line(file.target)}" if file.target is not None else "")
    why = f"  ({one_line(file.why)})" if file.why else ""
    if file.type is None:
        return f"{file.how:<8} {path}{why}"
    about = f"{file.type:<9} {file.mode:04o} {file.uid}:{file.gid}"
    digest = f"  sha256:{file.sha256[:12]}" if file.sha256 else ""
    bytes_ = f" {size(file.size)}" if file.type == "file" else ""
    when = f"{datetime.fromtimestamp(file.mtime, UTC):%Y-%m-%d %H:%M:%S}"
    return f"{file.how:<8} {about:<25} {when}  {path}{bytes_}{digest}{why}"


def _texts(capture: HostCapture) -> Iterator[str]:
    for file in capture.files:
        if file.text:
            yield from ("", f"The text of {one_line(file.path)}")
            yield from (f"    {line}".rstrip() for line in file.text.rstrip("\n").split("\n"))


def _gaps(capture: HostCapture) -> Iterator[str]:
    if capture.gaps:
        yield from ("", "What could not be had")
        yield from (f"    {each.what}: {one_line(each.why)}" for each in capture.gaps)


def processes_of(capture: HostCapture) -> int:
    """How many processes a host had."""
    rows = capture.sections.get("processes", ())
    return sum(len((each.get("result") or {}).get("processes", ())) for each in rows)
