"""The check type `cron`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType
from checkers.findings import Findings
from checkers.linux._accounts import accounts
from checkers.linux._crontabs import Job, Jobs, jobs_of
from checkers.linux._schedule import AT_BOOT, BadSchedule, Table, fires, parse, together
from checkers.linux.process import RESTING, is_program
from checkers.linux.user import Name
from checkers.matchers import Contains, Equals, Matcher, holds, spoken
from checkers.model import Subject
from checkers.reading import all_processes
from checkers.words import listed, plain, quoted


def _schedule(text: str) -> str:
    if text.lower() == AT_BOOT:
        return AT_BOOT
    try:
        table = parse(text)
    except BadSchedule as problem:
        raise ValueError(f"`{text}` is no schedule of cron: {problem}") from problem
    if not table:
        raise ValueError(f"`{text}` never fires")
    return text


def _moment(text: str) -> str:
    try:
        datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007  # the host's own local time
    except ValueError as problem:
        raise ValueError(f"`{text}` is no time such as 2026-11-30 02:30") from problem
    return text


def _as_text(value: object) -> object:
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value


Schedule = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_schedule)]
"""Five fields of crontab(5), or one of its nicknames, such as `@daily`."""
Moment = Annotated[str, BeforeValidator(_as_text), AfterValidator(_moment)]
"""A minute of the host's local time: `2026-11-30 02:30`."""
Moments = Annotated[tuple[Moment, ...], Field(min_length=1, max_length=100)]


class Cron(CheckType):
    """A job of cron runs as a user, at the right times; or there is none.

        cron: {command: {contains: /usr/local/sbin/backup}, user: root, at: "30 2 * * *"}
        cron: {command: {contains: tidy}, fires: ["2026-11-30 18:00"], silent: ["2026-11-29 18:00"]}
        cron: {command: {contains: /opt/old/sync}, absent: true}

    `command` is any matcher for the command line of the job. Every place counts that Debian's cron
    reads: the users' own crontabs, /etc/crontab, /etc/cron.d, and the scripts in /etc/cron.hourly,
    .daily and so on, which are known by their path or by a line in them. `at` is the schedule as
    crontab(5) writes it and compares *when* the job fires, not how that is written: `*/15` is
    `0,15,30,45`, and several lines may share the times out. `fires` and `silent` are minutes, in
    the host's local time, at which it has to fire and must not; give them where a task leaves more
    than one schedule right. `user` is whom it runs as; jobs of other users do not count.

    A file that cron leaves out has no jobs: one of another owner, that others may write to, with a
    dot in its name, with a mistake in any line, or whose last line does not end; the verdict says
    so. Unless `running: false` is given, cron itself has to run. Whether the command works shows
    only what it leaves behind: judge that by checks of its own.

    Error: crontabs, accounts or processes cannot be read whole.
    """

    kind: ClassVar[str] = "cron"

    command: Matcher
    user: Name | None = None
    at: Schedule | None = None
    fires: Moments | None = None
    silent: Moments | None = None
    running: bool = True
    absent: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Cron:
        if self.absent and self.model_fields_set - {"command", "user", "absent"}:
            raise ValueError("`absent: true` goes with `command` and `user` alone")
        if not (self.absent or self.at or self.fires):
            raise ValueError("say when the job is to run: `at` or `fires`")
        if self.at == AT_BOOT and (self.fires or self.silent):
            raise ValueError("a job that is run at boot has no times")
        return self

    def run(self, subject: Subject) -> Check:
        """Read every crontab and compare the jobs that fit."""
        known = yield from accounts(subject.host)
        found = yield from jobs_of(subject.host, known)
        fitting = [job for job in found.jobs if self._fits(job)]
        findings = Findings()
        if self.absent:
            findings.note(
                not fitting,
                expected=f"no job of cron {self._said}",
                found=listed(map(_described, fitting), none="no such job", most=3),
            )
            # A host without any process is none: what is not there must not merely be down.
            yield from all_processes(subject.host)
            return findings.verdict()
        findings.note(
            bool(fitting),
            expected=f"a job of cron {self._said}",
            found=listed(map(_described, fitting), most=3) if fitting else self._instead(found),
        )
        if fitting:
            self._compare_times(findings, fitting)
        if self.running:
            yield from self._compare_daemon(findings, subject.host)
        return findings.verdict()

    @property
    def _said(self) -> str:
        who = f" as {plain(self.user)}" if self.user else ""
        return f"that runs {spoken(self.command)}{who}"

    def _fits(self, job: Job) -> bool:
        return self.user in (None, job.user) and self._means(job.texts)

    def _means(self, texts: tuple[str, ...]) -> bool:
        return any(holds(self.command, text) for text in texts)

    def _compare_times(self, findings: Findings, fitting: list[Job]) -> None:
        said = listed((quoted(job.when, 60) for job in fitting), most=4)
        timed = [job for job in fitting if job.table is not None]
        table = together(job.table for job in timed if job.table is not None)
        if self.at == AT_BOOT:
            findings.note(not timed, expected="run at boot (@reboot) alone", found=f"run at {said}")
            return
        if self.at is not None:
            findings.note(
                table == parse(self.at) and len(timed) == len(fitting),
                expected=f"run at {quoted(self.at)}",
                found=f"run at {said}",
            )
        for moments, wanted in ((self.fires or (), True), (self.silent or (), False)):
            self._compare_moments(findings, table, moments, wanted=wanted, said=said)

    def _compare_moments(
        self, findings: Findings, table: Table, moments: tuple[str, ...], *, wanted: bool, said: str
    ) -> None:
        for moment in moments:
            when = datetime.strptime(moment, "%Y-%m-%d %H:%M")  # noqa: DTZ007  # as above
            does = fires(table, when)
            day = f"{moment} ({when:%A})"
            findings.note(
                does == wanted,
                expected=f"run at {day}" if wanted else f"not run at {day}",
                found=f"{'run' if does else 'not run'} then, by {said}",
            )

    def _compare_daemon(self, findings: Findings, host: str) -> Asking[None]:
        listing = yield from all_processes(host)
        daemons = [row for row in listing.processes if is_program(row, "cron", None)]
        alive = [row for row in daemons if row.state not in RESTING and row.uid == 0]
        findings.note(
            bool(alive),
            expected="cron running",
            found="cron runs" if alive else "cron does not run",
        )

    def _instead(self, found: Jobs) -> str:
        """What there is in place of the job: one of another user, or in a file that is left out."""
        others = [job for job in found.jobs if self._means(job.texts)]
        if others:
            return f"only {listed(map(_described, others), most=3)}"
        near = [one for one in found.left_out if any(map(self._like, one.lines))]
        if near:
            return f"only in {plain(near[0].place)}, which cron leaves out: {near[0].why}"
        return "no such job"

    def _like(self, line: str) -> bool:
        """Whether a line that was not understood may hold the command."""
        matcher = self.command
        if isinstance(matcher, Contains):
            return all(part in line for part in matcher.contains)
        if isinstance(matcher, Equals | str):
            return str(matcher.equals if isinstance(matcher, Equals) else matcher) in line
        return holds(matcher, line)


def _described(job: Job) -> str:
    return f"{quoted(job.texts[0], 60)} as {plain(job.user)} in {job.place}"
