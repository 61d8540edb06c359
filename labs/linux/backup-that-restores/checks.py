"""Carries a backup job out as cron does it, and unpacks what it leaves with a program of our own.

The job runs on the candidate's host, since that is what is judged; what it leaves is read from
beside the host: archives, data, log and crontabs are files.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Generator
from typing import Any

from checkers.check import Check, ask, ask_all, failed, passed
from checkers.findings import Findings
from checkers.linux._accounts import accounts
from checkers.linux._crontab import entries, environment
from checkers.model import Blame, Directory, File, Inside, Subject
from checkers.reading import unobserved
from checkers.words import listed, plain, quoted

Asking = Generator[Any, Any, Any]

LARGEST = 8 << 20
"""Bytes of an archive, packed or not; the data of this lab are some 60 KiB."""
MOST_ENTRIES = 400

LATE = """set -e
cd "$1"
mkdir -p "late/$2/empty"
chmod 2750 "late/$2"
printf '%s\\n' "$2" >"late/$2/-page one.txt"
chmod 0640 "late/$2/-page one.txt"
ln -sfn -- "-page one.txt" "late/$2/latest"
"""
"""What people at the office do after the candidate has finished."""
GONE = """sleep 1.1
data=$1; shift
mv -T -- "$data" "$data.away" || exit 124
"$@"; status=$?
rmdir -- "$data" 2>/dev/null
mv -T -- "$data.away" "$data" || exit 124
exit $status
"""
PLAIN = 'sleep 1.1; shift; exec "$@"'
"""Every run has a second of its own, since the names of archives have seconds."""
FULL = 'sleep 1.1; ulimit -f 24 || exit 124; shift; exec "$@"'
"""No file may grow past 12 KiB, as if the disk had no more room."""
OLDER = """set -e
cd "$1"
for day in $(seq "$4"); do
    old=$2-$(date -d "-$day days" +%F)_031500.tar.gz
    cp -- "$3" "$old"
    touch -d "-$day days 03:15" "$old"
done
"""
PREPARED = 124
"""The exit status by which a script of ours says that it could not do its own part."""


# --------------------------------------------------------------------------- cron


def _job(host: str, program: str) -> Asking:
    """The entries that start the program."""
    every = yield from entries(host)
    whole = re.compile(rf"(?<![\w./-]){re.escape(program)}(?![\w./-])")
    return [entry for entry in every if whole.search(entry.command)]


def scheduled(subject: Subject, program: str, hour: int, minute: int) -> Check:
    """Exactly one entry that cron reads starts the program, as root, once every night."""
    jobs = yield from _job(subject.host, program)
    expected = f"one entry of cron that starts {program} as root every day at {hour}:{minute:02}"
    if len(jobs) != 1:
        where = listed(sorted(entry.where for entry in jobs))
        found = f"entries in {where}" if jobs else "no entry that cron reads"
        return failed(expected=expected, found=found)
    (entry,) = jobs
    right = entry.nightly(hour, minute) and entry.user == "root"
    found = f"{quoted(' '.join(entry.fields))} as {entry.user} in {entry.where}"
    return (passed if right else failed)(expected=expected, found=found)


def _carry_out(
    subject: Subject, program: str, script: str, data: str, *, alone: bool = False
) -> Asking:
    """Run the job as cron would, within a script of ours; its result, or None without an entry.

    With `alone` it is the program by itself, with what cron would give it: what the entry makes of
    its exit status is the entry's business.
    """
    jobs = yield from _job(subject.host, program)
    if not jobs:
        return None
    entry = jobs[0]
    variables = yield from environment(subject.host, entry)
    command = (program,) if alone else (variables["SHELL"], "-c", entry.command)
    argv = ("sh", "-c", script, "sh", data, "env", "-i")
    argv += (*(f"{name}={value}" for name, value in variables.items()), *command)
    stdin, home = entry.stdin.encode(), variables["HOME"]
    result = yield from ask(Inside(subject.host, argv, entry.user, stdin, home, timeout=60.0))
    if result.exit == PREPARED:
        raise unobserved("the trial could not be prepared on the host", Blame.HOST)
    return result


NO_ENTRY = "no entry that cron reads starts the program"


# --------------------------------------------------------------------------- archives and data


def _folder(name: str) -> bytes:
    return f"/var/backups/{name}".encode()


def _listing(host: str, name: str) -> Asking:
    """Every name in the folder of archives."""
    listing = yield from ask(Directory(host, _folder(name)))
    return {entry.name.decode("utf-8", "replace") for entry in listing.entries or ()}


def _archives(names: set[str], name: str) -> list[str]:
    shape = re.compile(rf"{re.escape(name)}-\d{{4}}-\d\d-\d\d_\d{{6}}\.tar\.gz")
    return sorted(each for each in names if shape.fullmatch(each))


def _log(host: str, name: str) -> Asking:
    """The last line of the job's log, and when the log was written to."""
    look = yield from ask(File(host, f"/var/log/backup-{name}.log".encode(), limit=1 << 20))
    lines = (look.content or b"").decode("utf-8", "replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), ""), look.mtime


def _compare_log(findings: Findings, before: Any, after: Any, word: str) -> None:
    last, written = after
    new = written != before[1]
    found = f"{quoted(last)} as its last line" if last else "no line in the log"
    findings.note(
        new and last.startswith(word),
        expected=f"a log that ends with a new line beginning with {word}",
        found=found if new else "nothing written to the log",
    )


def _tree(host: str, top: str) -> Asking:
    """Everything under a folder of the host, itself included: path to what a restore must bring."""
    found: dict[str, tuple[Any, ...]] = {}
    paths = [top]
    while paths:
        if len(found) + len(paths) > MOST_ENTRIES:
            raise unobserved(f"{top} holds more than can be compared", Blame.HOST)
        probes = (File(host, path.encode(), limit=1 << 20, follow=False) for path in paths)
        looks = dict(zip(paths, (yield from ask_all(*probes)), strict=True))
        found |= {path.lstrip("/"): _live(look) for path, look in looks.items()}
        folders = [path for path, look in looks.items() if look.type == "directory"]
        listings = yield from ask_all(*(Directory(host, path.encode()) for path in folders))
        paths = [
            f"{path}/{entry.name.decode()}"
            for path, listing in zip(folders, listings, strict=True)
            for entry in listing.entries or ()
        ]
    return found


def _live(look: Any) -> tuple[Any, ...]:
    target = look.target.decode("utf-8", "replace") if look.target is not None else None
    mode = None if look.type == "link" else look.mode
    return (look.type, mode, look.uid, look.gid, target, look.sha256)


def _unpacked(data: bytes) -> dict[str, tuple[Any, ...]] | None:
    """What an archive would bring back, in the shape of `_tree`; None where it is not whole."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(data, LARGEST)
        if not unpacker.eof:
            return None
        with tarfile.open(fileobj=io.BytesIO(text), mode="r:") as archive:
            members = archive.getmembers()
            return {_path(member.name): _member(archive, member) for member in members}
    except (zlib.error, tarfile.TarError, EOFError, KeyError, ValueError):
        return None


def _path(name: str) -> str:
    return name.removeprefix("./").strip("/")


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[Any, ...]:
    kind = {tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "link"}.get(member.type, "file")
    digest = None
    if kind == "file":
        reader = archive.extractfile(member)
        digest = hashlib.sha256(reader.read() if reader else b"").hexdigest()
    mode = None if kind == "link" else member.mode & 0o7777
    target = member.linkname if kind == "link" else None
    return (kind, mode, member.uid, member.gid, target, digest)


# --------------------------------------------------------------------------- checks


def runs(subject: Subject, name: str, program: str, data: str, proof: str) -> Check:
    """After new work in the data, the job as cron runs it ends well and leaves one new archive."""
    late = yield from ask(Inside(subject.host, ("sh", "-c", LATE, "sh", data, proof)))
    page = f"{data}/late/{proof}/-page one.txt".encode()
    written = yield from ask(File(subject.host, page, limit=4096))
    if late.exit != 0 or (written.content or b"").decode().strip() != proof:
        raise unobserved(f"nothing could be written to {data}", Blame.HOST)
    before = yield from _listing(subject.host, name)
    log = yield from _log(subject.host, name)
    result = yield from _carry_out(subject, program, PLAIN, data)
    expected = f"one new archive {name}-YYYY-MM-DD_HHMMSS.tar.gz when cron runs {program}"
    if result is None:
        return failed(expected=expected, found=NO_ENTRY)
    new = sorted((yield from _listing(subject.host, name)) - before)
    findings = Findings()
    said = plain((result.stderr or result.stdout).strip())[:200]
    found = (listed(new) if new else "none") + (f"; it said {quoted(said)}" if said else "")
    findings.note(len(_archives(set(new), name)) == 1, expected=expected, found=found)
    _compare_log(findings, log, (yield from _log(subject.host, name)), "OK")
    again = yield from _carry_out(subject, program, PLAIN, data, alone=True)
    findings.note(
        again.exit == 0, expected=f"{program} ending with 0", found=f"it ended with {again.exit}"
    )
    return findings.verdict()


def restores(subject: Subject, name: str, data: str) -> Check:
    """The newest archive, unpacked at /, brings back exactly what stands in the data now."""
    names = _archives((yield from _listing(subject.host, name)), name)
    expected = f"the newest archive bringing back everything in {data}"
    if not names:
        return failed(expected=expected, found="no archive")
    look = yield from ask(File(subject.host, _folder(name) + b"/" + names[-1].encode(), LARGEST))
    brought = _unpacked(look.content or b"") if not look.truncated else None
    if not brought:
        return failed(expected=expected, found=f"{names[-1]} is no whole archive, or empty")
    wanted = yield from _tree(subject.host, data)
    missing = sorted(wanted.keys() - brought.keys())
    other = sorted(brought.keys() - wanted.keys() - {"", "srv"})
    changed = sorted(
        path for path in wanted.keys() & brought.keys() if wanted[path] != brought[path]
    )
    problems = [
        f"{label} {listed(map(quoted, paths), most=3)}"
        for label, paths in (
            ("without", missing),
            ("with what does not belong there:", other),
            ("with another content, owner or mode of", changed),
        )
        if paths
    ]
    if problems:
        return failed(expected=expected, found=f"{names[-1]} {', '.join(problems)}")
    return passed(
        expected=expected, found=f"{len(wanted)} files and folders in {names[-1]}, all alike"
    )


def closed(subject: Subject, name: str) -> Check:
    """Nobody but root can read the newest archive, by its own mode or its folder's."""
    names = _archives((yield from _listing(subject.host, name)), name)
    if not names:
        return failed(expected="an archive that only root can read", found="no archive")
    path = _folder(name) + b"/" + names[-1].encode()
    folder, archive = yield from ask_all(
        File(subject.host, _folder(name)), File(subject.host, path)
    )
    known = yield from accounts(subject.host)
    shut = any(
        look.uid == 0 and not look.mode & 0o077 and not look.acl for look in (folder, archive)
    )
    found = ", ".join(
        f"{label} of {known.user_name(look.uid)} with the mode {look.mode:04o}"
        for label, look in (("the folder", folder), ("the archive", archive))
    )
    return (passed if shut else failed)(expected="an archive that only root can read", found=found)


def rotates(subject: Subject, name: str, program: str, keep: int) -> Check:
    """With more archives than are to be kept, a run leaves the newest, and all other files."""
    before = yield from _listing(subject.host, name)
    names = _archives(before, name)
    expected = f"the {keep} newest archives kept, and nothing else removed"
    if not names:
        return failed(expected=expected, found="no archive")
    argv = ("sh", "-c", OLDER, "sh", _folder(name).decode(), name, names[-1], str(keep + 3))
    planted = yield from ask(Inside(subject.host, argv))
    before = yield from _listing(subject.host, name)
    if planted.exit != 0 or len(_archives(before, name)) <= keep:
        raise unobserved("the trial could not be prepared on the host", Blame.HOST)
    result = yield from _carry_out(subject, program, PLAIN, "")
    if result is None:
        return failed(expected=expected, found=NO_ENTRY)
    after = yield from _listing(subject.host, name)
    left = _archives(after, name)
    best = sorted({*_archives(before, name), *left})[-keep:]
    others = sorted(before - after - set(_archives(before, name)))
    findings = Findings()
    findings.note(
        left == best,
        expected=f"the {keep} newest archives kept: {listed(best, most=keep)}",
        found=f"{len(left)} kept: {listed(left, most=keep + 2)}" if left else "none kept",
    )
    findings.note(
        not others,
        expected="every other file kept",
        found=f"removed {listed(others)}" if others else "all still there",
    )
    return findings.verdict()


def tells(subject: Subject, name: str, program: str, data: str, trial: str) -> Check:
    """A run that cannot succeed says so, leaves no archive, and removes none."""
    script = {"gone": GONE, "full": FULL}[trial]
    before = yield from _sizes(subject.host, name)
    log = yield from _log(subject.host, name)
    result = yield from _carry_out(subject, program, script, data)
    reason = {"gone": f"{data} is not there", "full": "the disk is full"}[trial]
    if result is None:
        return failed(expected=f"a failure told when {reason}", found=NO_ENTRY)
    last = yield from _log(subject.host, name)
    alone = yield from _carry_out(subject, program, script, data, alone=True)
    after = yield from _sizes(subject.host, name)
    findings = Findings()
    findings.note(
        alone.exit != 0,
        expected=f"an exit status other than 0 when {reason}",
        found=f"it ended with {alone.exit}",
    )
    new, lost = sorted(after.keys() - before.keys()), sorted(before.keys() - after.keys())
    lost += sorted(each for each in before.keys() & after.keys() if before[each] != after[each])
    findings.note(
        not new and not lost,
        expected=f"nothing made or lost in {_folder(name).decode()}",
        found="untouched"
        if not new and not lost
        else f"{listed([f'{each} made' for each in new] + [f'{each} lost' for each in lost])}",
    )
    _compare_log(findings, log, last, "FAILED")
    return findings.verdict()


def _sizes(host: str, name: str) -> Asking:
    """Everything in the folder of archives, with its size."""
    names = sorted((yield from _listing(host, name)))
    if not names:
        return {}
    looks = yield from ask_all(*(File(host, _folder(name) + b"/" + n.encode()) for n in names))
    return {each: look.size for each, look in zip(names, looks, strict=True)}
