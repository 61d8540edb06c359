"""The check type `sudo`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from checkers.check import Asking, Check, CheckType, ask_all, failed
from checkers.findings import Findings
from checkers.linux._accounts import accounts
from checkers.linux._node import node_name
from checkers.linux._sudo_rules import Asker, Decision, command_fits, decide, grants_of
from checkers.linux._sudoers import Command, Sudoers, sudoers
from checkers.linux.command import Argv
from checkers.linux.user import Name
from checkers.model import Blame, File, FileResult, Inside, Phase, ProgramResult, Subject
from checkers.reading import NOT_RUN, spelled, unobserved
from checkers.words import listed, plain, quoted

PROGRAM = "/usr/bin/sudo"
DISAGREES = "the host's own sudo says otherwise than its rules"
"""The flag of verdicts where the rules, read from beside, and the host's sudo disagree."""
UNDECIDED = "the rules could not be judged from beside; the host's own sudo was believed"
"""The flag of verdicts that rest on what the candidate's sudo says."""


def _whole_path(argv: tuple[str, ...]) -> tuple[str, ...]:
    if not argv[0].startswith("/"):
        raise ValueError(f"write the whole path of `{argv[0]}`, as sudo compares it")
    return argv


Commands = Annotated[
    tuple[Annotated[Argv, AfterValidator(_whole_path)], ...], Field(min_length=1, max_length=30)
]
"""Command lines, each with the whole path of its program."""


class Sudo(CheckType):
    """What a user may run by sudo, and what not.

        sudo: {user: amy, allows: ["/usr/sbin/service nginx restart"], password: false}
        sudo: {user: amy, allows: [/usr/local/sbin/archive], refuses: [/usr/bin/id], run: true}
        sudo: {user: chen, as: postgres, allows: [/usr/bin/psql], only: true}
        sudo: {user: dilys, nothing: true}

    `allows` and `refuses` are command lines, each a text that is split like a shell would split it,
    or a list of words; the program is given with its whole path, and the arguments are the ones
    that somebody would type. They are judged `as` the user that they would be run as (default
    root). `password: false` wants every one in `allows` to go without a password, `true` wants a
    password asked for. `only: true` wants no rule that allows more than the lines in `allows`: no
    `ALL`, no wildcard, no program whose arguments are left open although `allows` gives some.
    `nothing: true` wants no rule for the user at all. `run: true` really runs the lines in `allows`
    as the user, by `sudo -n`, and wants each to end with 0; give the check `changes: true` if they
    change anything.

    The rules are read from beside (/etc/sudoers, what it includes, and only what sudo would read:
    files of other owners or that others may write to, and names with a dot, are left out) and
    parsed by sudo's own parser; groups, aliases, exclusions and wildcards count as they do there.
    The host's own sudo has to say the same (`sudo -l -U`); where it does not, the check fails. A
    file of rules with a mistake in it fails whatever is expected.

    Error: files cannot be read whole, or the host's sudo gives no answer that can be understood.
    """

    kind: ClassVar[str] = "sudo"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    user: Name
    as_: Name = Field(default="root", alias="as")
    allows: Commands | None = None
    refuses: Commands | None = None
    password: bool | None = None
    only: bool = False
    nothing: bool = False
    run_: bool = Field(default=False, alias="run")

    @model_validator(mode="after")
    def _makes_sense(self) -> Sudo:
        if self.nothing and self.model_fields_set - {"user", "nothing"}:
            raise ValueError("`nothing: true` goes with `user` alone")
        if not (self.nothing or self.allows or self.refuses):
            raise ValueError("say what is expected: `allows`, `refuses` or `nothing`")
        if not self.allows and (self.only or self.run_ or self.password is not None):
            raise ValueError("`only`, `run` and `password` need `allows`")
        if self.run_ and self.password:
            raise ValueError("what asks for a password cannot be run here; leave out `run`")
        return self

    def run(self, subject: Subject) -> Check:
        """Read the rules, ask the host's sudo, and compare both with what is expected."""
        known = yield from accounts(subject.host)
        for name in (self.user, self.as_):
            if name not in known.users:
                return failed(
                    expected=f"the user {plain(name)}", found=f"there is no user {plain(name)}"
                )
        policy = yield from sudoers(subject.host)
        if policy.trouble:
            return failed(expected="rules that sudo can use", found=policy.trouble)
        name = yield from node_name(subject.host)
        asker = Asker(known.users[self.user], known.users[self.as_], name, known)
        findings = Findings()
        own = yield from self._own_answers(subject.host)
        if own is None:
            return failed(
                expected="a sudo that users can run",
                found=f"{PROGRAM} is not a program of root's with the set-user-ID bit",
            )
        if self.nothing:
            self._compare_nothing(findings, policy, asker, own[0].listing)
        for answer in own[1:]:
            self._compare(findings, policy, asker, answer)
        if self.only:
            self._compare_only(findings, policy, asker)
        if self.run_:
            yield from self._really_run(findings, subject.host)
        return findings.verdict()

    # ------------------------------------------------------------------ the host's sudo

    def _own_answers(self, host: str) -> Asking[list[Answer] | None]:
        """What the host's sudo says: first about the user at all, then about each command.

        None where there is no sudo that a user could run.
        """
        (program,) = yield from ask_all(File(host, PROGRAM.encode()))
        if not _usable(program):
            return None
        head = (PROGRAM, "-n", "-l", "-U", self.user)
        lines = [*(self.allows or ()), *(self.refuses or ())]
        probes = [Inside(host, head)]
        probes += [Inside(host, (*head, "-u", self.as_, "--", *argv)) for argv in lines]
        results = yield from ask_all(*probes)
        general = _understood(probes[0].argv, results[0])
        if not general.stdout.startswith((b"User ", b"Matching ")):
            said = plain(general.stderr.strip() or general.stdout.strip())
            raise unobserved(f"{spelled(probes[0].argv)} says {said or 'nothing'}", Blame.HOST)
        answers = [Answer((), listing=general.stdout)]
        for at, (argv, probe, result) in enumerate(
            zip(lines, probes[1:], results[1:], strict=True)
        ):
            wanted = at < len(self.allows or ())
            answers.append(Answer(argv, wanted=wanted, allowed=_allowed(probe.argv, result)))
        return answers

    def _really_run(self, findings: Findings, host: str) -> Asking[None]:
        lines = self.allows or ()
        probes = [
            Inside(host, (PROGRAM, "-n", "-u", self.as_, "--", *argv), user=self.user, timeout=20)
            for argv in lines
        ]
        results = yield from ask_all(*probes)
        for argv, result in zip(lines, results, strict=True):
            said = plain((result.stderr.strip() or result.stdout.strip()).split(b"\n")[-1], 80)
            findings.note(
                result.exit == 0 and not result.truncated,
                expected=f"{_spoken(argv)} to end well when {plain(self.user)} runs it by sudo",
                found=f"it ends with {result.exit}{f': {said}' if said and result.exit else ''}",
            )

    # ------------------------------------------------------------------ comparing

    def _compare(self, findings: Findings, policy: Sudoers, asker: Asker, own: Answer) -> None:
        decision = decide(policy, asker, own.argv)
        allowed = own.allowed if decision.allowed is None else decision.allowed
        if decision.allowed is None:
            findings.flags.append(UNDECIDED)
        elif own.allowed != decision.allowed:
            findings.flags.append(DISAGREES)
            allowed = not own.wanted
        name = _spoken(own.argv)
        may = f"{plain(self.user)} may {{}}run {name} as {plain(self.as_)}"
        findings.note(
            allowed == own.wanted,
            expected=may.format("" if own.wanted else "not "),
            found=self._found(policy, may, decision, own),
        )
        if own.wanted and allowed and self.password is not None:
            self._compare_password(findings, name, decision)

    def _found(self, policy: Sudoers, may: str, decision: Decision, own: Answer) -> str:
        if decision.allowed is not None and decision.allowed != own.allowed:
            ours, theirs = ("allow", "refuses") if decision.allowed else ("refuse", "allows")
            return f"the rules {ours} {_spoken(own.argv)}, but the host's sudo {theirs} it"
        allowed = own.allowed if decision.allowed is None else decision.allowed
        said = may.format("" if allowed else "not ")
        if allowed and decision.by and decision.by != " ".join(own.argv):
            said += f" (by the rule for {quoted(decision.by, 60)})"
        elif not allowed and decision.by:
            said += f" (it is excluded by {quoted(decision.by, 60)})"
        elif not allowed and policy.ignored:
            said += f"; sudo leaves out {listed(policy.ignored, most=2)}"
        return said

    def _compare_password(self, findings: Findings, name: str, decision: Decision) -> None:
        if decision.password is None:
            raise unobserved(f"whether {name} needs a password cannot be told from the rules")
        findings.note(
            decision.password == self.password,
            expected=f"{'a' if self.password else 'no'} password asked for {name}",
            found=f"{'a' if decision.password else 'no'} password is asked for it",
        )

    def _compare_nothing(
        self, findings: Findings, policy: Sudoers, asker: Asker, listing: bytes
    ) -> None:
        given = [quoted(command.command, 60) for command in grants_of(policy, asker)]
        refused = b"is not allowed to run sudo" in listing
        name = plain(self.user)
        if bool(given) == refused:
            findings.flags.append(DISAGREES)
        findings.note(
            not given and refused,
            expected=f"{name} may run nothing by sudo",
            found=f"{name} may run {listed(given, none='nothing by the rules', most=4)}",
        )

    def _compare_only(self, findings: Findings, policy: Sudoers, asker: Asker) -> None:
        more = [each for each in grants_of(policy, asker) if not self._within(each)]
        findings.note(
            not more,
            expected=f"no other rule for {plain(self.user)}",
            found=f"rules for {listed((quoted(each.command, 60) for each in more), most=4)}"
            if more
            else "no other rule",
        )

    def _within(self, command: Command) -> bool:
        """Whether a rule allows nothing but one of the lines in `allows`."""
        text = command.command
        if text == "ALL" or text.startswith("^") or any(letter in text for letter in "*?["):
            return False
        open_ended = " " not in text
        return any(
            command_fits(command, argv) is not False and (len(argv) == 1 or not open_ended)
            for argv in self.allows or ()
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the host's sudo says about a command, and whether it is wanted to be allowed."""

    argv: Sequence[str]
    wanted: bool = False
    allowed: bool = False
    listing: bytes = b""


def _usable(program: FileResult) -> bool:
    return program.type == "file" and program.uid == 0 and program.mode & 0o4001 == 0o4001


def _understood(argv: tuple[str, ...], result: ProgramResult) -> ProgramResult:
    if result.exit in NOT_RUN or result.exit not in (0, 1):
        raise unobserved(f"{spelled(argv)} ended with {result.exit}", Blame.HOST)
    if result.truncated:
        raise unobserved(f"{spelled(argv)} printed more than is kept", Blame.HOST)
    return result


def _allowed(argv: tuple[str, ...], result: ProgramResult) -> bool:
    """What it says: the command and status 0 if it is allowed, else nothing and status 1."""
    _understood(argv, result)
    allowed = result.exit == 0
    proper = result.stdout.startswith(b"/") if allowed else not result.stdout.strip()
    if not proper:
        said = plain(result.stdout.strip())
        raise unobserved(f"{spelled(argv)} ended with {result.exit} and said {said!r}", Blame.HOST)
    return allowed


def _spoken(argv: Sequence[str]) -> str:
    return quoted(shlex.join(argv))
