"""What no check type looks at: dead processes, who may read a file, and files with set-user-ID."""

from __future__ import annotations

from checkers.check import Check, ask, error, failed, passed
from checkers.findings import INSIDE_ONLY, Findings
from checkers.linux._accounts import Accounts, accounts
from checkers.linux._acl import GROUP, GROUP_OBJ, MASK, OTHER, USER, USER_OBJ, BadAcl, Entry, parse
from checkers.model import Blame, File, FileResult, Inside, Subject
from checkers.reading import all_processes
from checkers.words import listed, plain

# What Debian and the machine's image give the set-user-ID bit for a reason.
MAY_HAVE_IT = {
    *(f"/usr/bin/{name}" for name in ("at", "chfn", "chsh", "gpasswd", "mount", "newgrp")),
    *(f"/usr/bin/{name}" for name in ("passwd", "su", "sudo", "umount")),
    "/usr/lib/openssh/ssh-keysign",
}
SET_USER_ID = 0o4000
WITNESS = "/etc/passwd"
FIND = (
    *("/usr/bin/find", "/", "-xdev", "-type", "f"),
    *("(", "-perm", "-4000", "-o", "-path", WITNESS, ")", "-print0"),
)


def zombies(subject: Subject, most: int) -> Check:
    """At most `most` processes have ended without anybody asking what became of them."""
    listing = yield from all_processes(subject.host)
    count = sum(process.state == "Z" for process in listing.processes)
    verdict = passed if count <= most else failed
    return verdict(expected=f"at most {most} dead processes", found=f"{count}")


def closed(subject: Subject, path: str, account: str, *, writes: bool) -> Check:
    """Root and `account` alone have rights to `path`; the account may write only with `writes`.

    Judged by owner, group and access control list: who they stand for, and what for.
    """
    known = yield from accounts(subject.host)
    look = yield from ask(File(subject.host, path.encode()))
    if look.type is None:
        return failed(expected=f"something at {path}", found="nothing")
    try:
        rights = _rights(look, known)
    except BadAcl as problem:
        return error(f"{path}: {problem}", Blame.HOST)
    own = rights.get(account, rights["everybody"])
    need = 6 if writes else 4
    findings = Findings()
    findings.note(
        own & need == need,
        expected=f"{account} able to {'read and write' if writes else 'read'} {path}",
        found=f"{account} with {_spelled(own)} on {path}",
    )
    if not writes:
        owner = known.user_name(look.uid)
        findings.note(
            owner == "root" and not own & 2,
            expected=f"{path} for root alone to change",
            found=f"{path} owned by {owner}, {account} with {_spelled(own)}",
        )
    others = {name: bits for name, bits in rights.items() if bits and name not in ("root", account)}
    shown = listed(
        (f"{plain(name)} with {_spelled(bits)}" for name, bits in others.items()), most=3
    )
    findings.note(
        not others,
        expected=f"nobody else with rights on {path}",
        found=shown if others else "nobody else",
    )
    return findings.verdict()


def _rights(look: FileResult, known: Accounts) -> dict[str, int]:
    """What each name may do: 4 read, 2 write, 1 execute; `everybody` stands for others."""
    mode = look.mode
    entries = (
        parse(look.acl)
        if look.acl is not None
        else (
            Entry(USER_OBJ, mode >> 6 & 7),
            Entry(GROUP_OBJ, mode >> 3 & 7),
            Entry(OTHER, mode & 7),
        )
    )
    mask = next((entry.rights for entry in entries if entry.tag == MASK), 7)
    rights: dict[str, int] = {"everybody": 0}
    for entry in entries:
        names: list[str] = []
        bits = entry.rights
        if entry.tag == USER_OBJ:
            names = [known.user_name(look.uid)]
        elif entry.tag == USER:
            names, bits = [known.user_name(entry.id)], bits & mask
        elif entry.tag in (GROUP_OBJ, GROUP):
            gid = look.gid if entry.tag == GROUP_OBJ else entry.id
            names, bits = _members(known, gid), bits & mask
        elif entry.tag == OTHER:
            names = ["everybody"]
        for name in names:
            rights[name] = rights.get(name, 0) | bits
    return rights


def _members(known: Accounts, gid: int) -> list[str]:
    name = known.group_name(gid)
    group = known.groups.get(name)
    return sorted(known.members_of(group)) if group else [f"group {gid}"]


def _spelled(bits: int) -> str:
    return "".join(letter if bits & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1)))


def harmless(subject: Subject, path: str) -> Check:
    """Nothing is at `path`, or a file without the bits that lend its owner's or group's rights."""
    look = yield from ask(File(subject.host, path.encode(), follow=False))
    expected = f"no file at {path} that lends somebody's rights"
    if look.type is None:
        return passed(expected=expected, found="nothing there")
    verdict = failed if look.mode & 0o6000 else passed
    return verdict(expected=expected, found=f"a {look.type} with the mode {look.mode & 0o7777:04o}")


def no_other_suid(subject: Subject) -> Check:
    """No file has the set-user-ID bit but those that have it for a reason.

    Found by the host's own find, so seen from inside; the lab's two files are seen from beside.
    """
    search = yield from ask(Inside(subject.host, FIND, timeout=30.0))
    if search.truncated or search.exit in (126, 127):
        return error("the host's `find` could not be run, or found too much", Blame.HOST)
    found = {path.decode("utf-8", "replace") for path in search.stdout.split(b"\0") if path}
    if WITNESS not in found:
        return error(f"the host's `find` did not even find {WITNESS}", Blame.HOST)
    others = sorted(found - MAY_HAVE_IT - {WITNESS})
    verdict = failed if others else passed
    return verdict(
        expected="set-user-ID on nothing but what needs it",
        found=f"also on {listed(map(plain, others), most=3)}" if others else "on nothing else",
        flags=(INSIDE_ONLY,),
    )
