"""What no check type looks at: the data, the logs' rotation, and where the service writes."""

from __future__ import annotations

import hashlib
import re
from fnmatch import fnmatchcase

from checkers.check import Check, ask, ask_all, error, failed, passed
from checkers.findings import INSIDE_ONLY, Findings
from checkers.model import Blame, Directory, File, Inside, Subject

_SETTINGS = re.compile(
    r"(?P<patterns>.*?)\s(?P<often>after \d+ days|hourly|weekly|monthly|yearly|\d+ bytes)\b[^\n]*?"
    r"\((?P<keep>-?\d+ rotations|no old logs[^)\n]*)\)",
    re.DOTALL,
)
_OLD = re.compile(r"[.-]\d[\d.-]*(\.(gz|xz|bz2|zst))?|[.-].*\.(gz|xz|bz2|zst)")


def data_kept(subject: Subject, folder: str, months: list[str], key: str, lines: int) -> Check:
    """The orders of each month are the ones that setup made: `lines` of them, from `key`."""
    looks = [
        File(subject.host, f"{folder}/{month}.csv".encode(), limit=4 << 20) for month in months
    ]
    found = yield from ask_all(*looks)
    findings = Findings()
    for month, one in zip(months, found, strict=True):
        right = one.type == "file" and one.sha256 == _digest(month, key, lines)
        there = "a file with other content" if one.type == "file" else "no file of that name"
        name = f"{folder}/{month}.csv"
        findings.note(
            right,
            expected=f"{name} as it was",
            found=f"{name} unchanged" if right else f"{there} at {name}",
        )
    return findings.verdict()


def _digest(month: str, key: str, lines: int) -> str:
    digest = hashlib.sha256()
    for number in range(lines):
        price = (number * 7919 + int(month[-2:])) % 9973
        digest.update(f"{month},{number:05d},{key},{price}\n".encode())
    return digest.hexdigest()


def report_whole(subject: Subject, path: str, key: str, size: int) -> Check:
    """The report at `path` has `size` bytes and begins with what the program writes into it."""
    one = yield from ask(File(subject.host, path.encode(), limit=1 << 16))
    line = f"{key} report of all orders, by customer and day\n".encode()
    begins = one.content is not None and one.content[:60_000] == (line * 2000)[:60_000]
    found = f"{one.size} bytes" if one.type == "file" else "no file"
    if one.type == "file" and not begins:
        found += " that do not begin as a report does"
    verdict = passed if begins and one.size == size else failed
    return verdict(expected=f"a report of {size} bytes at {path}", found=found)


def logged(subject: Subject, paths: list[str], text: str, most: int = 0) -> Check:
    """Each of the logs has a line with `text`, and at most `most` bytes if that is set."""
    found = yield from ask_all(
        *(File(subject.host, path.encode(), limit=8 << 20) for path in paths)
    )
    findings = Findings()
    for path, one in zip(paths, found, strict=True):
        expected = f"a line about {text} in {path}"
        if one.type != "file" or one.content is None:
            findings.miss(expected=expected, found=f"no log at {path}")
            continue
        there = f"/orders/{text} done".encode() in one.content
        findings.note(
            there, expected=expected, found=f"{'a' if there else 'no'} line about it in {path}"
        )
        if most:
            findings.note(
                one.size <= most,
                expected=f"a new log of at most {most} bytes at {path}",
                found=f"{path} with {one.size} bytes",
            )
    return findings.verdict()


def old_kept(subject: Subject, folder: str, logs: list[str], keep: int) -> Check:
    """Beside each log are old ones, at most `keep`."""
    listing = yield from ask(Directory(subject.host, folder.encode()))
    if listing.truncated:
        return error(f"{folder} has more files than are listed", Blame.HOST)
    names = [entry.name.decode("utf-8", "replace") for entry in listing.entries or ()]
    findings = Findings()
    for log in logs:
        old = [name for name in names if name != log and _is_old(name, log)]
        findings.note(
            1 <= len(old) <= keep,
            expected=f"1 to {keep} old logs of {log} in {folder}",
            found=f"{len(old)} old logs of {log}",
        )
    return findings.verdict()


def _is_old(name: str, log: str) -> bool:
    """Whether logrotate names an old log so: debug.log.1, debug.log-20260601.gz."""
    stem = log.removesuffix(".log")
    rests = [name[len(start) :] for start in (log, stem) if name.startswith(start)]
    return any(_OLD.fullmatch(rest.replace(".log", "")) for rest in rests)


def rotation_set(subject: Subject, logs: list[str], keep: int, *, often: bool = True) -> Check:
    """logrotate, asked what it would do, looks after `logs` and keeps 1 to `keep` old ones.

    With `often`, it has to do so every day or by size. The same settings are tried out by other
    checks; what logrotate says of itself is seen from inside.
    """
    asked = yield from ask(Inside(subject.host, ("logrotate", "-d", "/etc/logrotate.conf")))
    if asked.truncated:
        return error("`logrotate -d` printed more than is kept", Blame.HOST)
    text = (asked.stderr + b"\n" + asked.stdout).decode("utf-8", "replace")
    blocks = [_SETTINGS.match(part) for part in text.split("rotating pattern: ")[1:]]
    findings = Findings(flags=[INSIDE_ONLY])
    for log in logs:
        block = next((block for block in blocks if block and _is_about(block, log)), None)
        if block is None:
            findings.miss(expected=f"{log} rotated by logrotate", found=f"{log} is not")
            continue
        kept = block["keep"].removesuffix(" rotations")
        count = 0 if kept.startswith("no ") else int(kept)
        findings.note(
            1 <= count <= keep,
            expected=f"1 to {keep} old logs of {log}",
            found=f"{count} old logs of {log}",
        )
        daily = block["often"] in ("after 1 days", "hourly") or block["often"].endswith("bytes")
        if often:
            findings.note(
                daily,
                expected=f"{log} rotated daily or when it is large",
                found=f"{log} rotated {block['often']}",
            )
    return findings.verdict()


def _is_about(block: re.Match[str], log: str) -> bool:
    """Whether a block of settings is about the file, by its name or by a pattern."""
    return any(fnmatchcase(log, pattern) for pattern in block["patterns"].split())
