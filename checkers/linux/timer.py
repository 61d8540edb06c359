"""The check type `timer`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from checkers.check import Asking, Check, CheckType, failed
from checkers.findings import INSIDE_ONLY, Findings
from checkers.linux._calendar import BadCalendar, all_days, elapses, parse
from checkers.linux._systemd import is_first, starts_at_boot, state_of, unit_called
from checkers.linux._timers import TimerSettings, demand_zone, settings_of
from checkers.linux._units import OWN, PATH, Unit, UnitFiles, units
from checkers.linux.cron import Moments
from checkers.model import Phase, Subject
from checkers.reading import all_processes, unobserved
from checkers.words import listed, plain, quoted

UnitName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+@-]{0,63}$")]


NOWHERE = b"/dev/null"


def _event(text: str) -> str:
    try:
        events = (parse(text),)
    except BadCalendar as problem:
        raise ValueError(f"`{text}` is no calendar event of systemd: {problem}") from problem
    if events[0].zone:
        raise ValueError(f"`{text}` names a time zone; times are the host's own")
    if not any(all_days(events)):
        raise ValueError(f"`{text}` never elapses")
    return text


CalendarEvent = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_event)]
"""A calendar event as systemd.time(7) writes it, such as `*-*-* 02:30`."""


class Timer(CheckType):
    """A timer of systemd is active and enabled, and starts the right service at the right times.

        timer: {name: desk-nightly, at: "*-*-* 02:30"}
        timer: {name: tidy, starts: desk-tidy, at: "Mon..Fri 18:00", persistent: true}
        timer: {name: tidy, fires: ["2026-11-30 18:00"], silent: ["2026-11-29 18:00"]}
        timer: {name: tidy}

    `name` is the timer's, without `.timer`, or an alias of it. `at` is a calendar event as
    systemd.time(7) writes it, and compares *when* the timer elapses, to the minute, not how that is
    written: `daily` is `00:00`, and several `OnCalendar=` may share the times out. `fires` and
    `silent` are minutes, in the host's local time, at which it has to elapse and must not; give
    them where a task leaves more than one schedule right, and none of the three where any is. What
    elapses by other settings, such as `OnBootSec=`, has no time of day: it fits neither `at` nor
    `silent`. A timer may be late by `AccuracySec=` and `RandomizedDelaySec=`; both together may be
    at most `late` seconds.

    `starts` is the service that it starts, the one of its own name unless said otherwise, without
    `.service`; that has to be there. `persistent` says whether it makes up for what it missed while
    the host was off. Unless `enabled: false` is given booting must start it: see `service`. Files
    are judged as they are now, which systemd takes note of at `daemon-reload` or at boot.

    Unless `running: false` is given it must be active. Nothing but `systemctl` says that of a
    timer: such a verdict carries the flag *seen from inside only*. Whether the service does its
    work, and when, shows only what that leaves behind: judge it by checks of its own.

    Error: the folders of units or the processes cannot be read, `systemctl` does not answer, the
    host's first process is not systemd, or the timer names a time zone that is not the host's.
    """

    kind: ClassVar[str] = "timer"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    name: UnitName
    starts: UnitName | None = None
    at: CalendarEvent | None = None
    fires: Moments | None = None
    silent: Moments | None = None
    late: Annotated[int, Field(ge=0, le=86400)] = 120
    persistent: bool | None = None
    running: bool = True
    enabled: bool = True

    @model_validator(mode="after")
    def _makes_sense(self) -> Timer:
        if not (self.running or self.enabled or self.at or self.fires):
            raise ValueError("say when the timer elapses: `at` or `fires`")
        return self

    def run(self, subject: Subject) -> Check:
        """Read the timer's files, and look whether systemd has it as active."""
        host, name = subject.host, f"{self.name}.timer"
        listing = yield from all_processes(host)
        if not is_first(host, listing):
            raise unobserved(f"the first process of {host} is not systemd, which has timers")
        files, unit = yield from unit_called(host, name)
        if unit is None:
            return failed(expected=f"a timer {self.name}", found=_instead(files, name))
        findings = Findings()
        findings.note(
            not unit.trouble,
            expected=f"a timer {self.name}",
            found=unit.trouble or f"a timer {self.name}",
        )
        if not unit.trouble:
            timer = settings_of(unit)
            yield from self._compare_service(findings, files, timer)
            yield from self._compare_times(findings, host, timer)
            self._compare_persistent(findings, timer)
        yield from self._compare_state(findings, files, unit)
        return findings.verdict()

    def _compare_service(
        self, findings: Findings, files: UnitFiles, timer: TimerSettings
    ) -> Asking[None]:
        wanted = files.real_name(f"{self.starts or self.name}.service")
        real = files.real_name(timer.starts)
        found = yield from units(files, [real])
        said = f"starts {plain(timer.starts)}"
        if not found:
            said = f"{said}, which is not there"
        elif found[0].trouble:
            said = f"starts {plain(timer.starts)}, but {found[0].trouble}"
        findings.note(
            real == wanted and bool(found) and not found[0].trouble,
            expected=f"starts {wanted}",
            found=said,
        )

    def _compare_times(self, findings: Findings, host: str, timer: TimerSettings) -> Asking[None]:
        for event in timer.events:
            yield from demand_zone(host, event.zone)
        said = listed((quoted(line, 60) for line in timer.lines), none="no time", most=4)
        if self.at is not None:
            findings.note(
                not timer.others and all_days(timer.events) == all_days((parse(self.at),)),
                expected=f"elapse at {quoted(self.at)}",
                found=f"elapse at {said}{timer.wrong}",
            )
        for moments, wanted in ((self.fires or (), True), (self.silent or (), False)):
            for moment in moments:
                self._compare_moment(findings, timer, moment, wanted=wanted, said=said)
        if not (self.at or self.fires or self.silent):
            return
        findings.note(
            timer.late <= self.late,
            expected=f"at most {self.late} s late",
            found=f"up to {timer.late:g} s late, by AccuracySec= and RandomizedDelaySec=",
        )

    def _compare_moment(
        self, findings: Findings, timer: TimerSettings, moment: str, *, wanted: bool, said: str
    ) -> None:
        when = datetime.strptime(moment, "%Y-%m-%d %H:%M")  # noqa: DTZ007  # the host's local time
        does = elapses(timer.events, when)
        day = f"{moment} ({when:%A})"
        findings.note(
            does == wanted and (wanted or not timer.others),
            expected=f"elapse at {day}" if wanted else f"not elapse at {day}",
            found=f"{'elapse' if does else 'not elapse'} then, by {said}{timer.wrong}",
        )

    def _compare_persistent(self, findings: Findings, timer: TimerSettings) -> None:
        if self.persistent is not None:
            words = {True: "makes up for missed times", False: "makes up for no missed times"}
            findings.note(
                timer.persistent == self.persistent,
                expected=words[self.persistent],
                found=words[timer.persistent],
            )

    def _compare_state(self, findings: Findings, files: UnitFiles, unit: Unit) -> Asking[None]:
        if self.running:
            state = yield from state_of(files.host, unit.name)
            findings.flags.append(INSIDE_ONLY)
            findings.note(
                state == "active",
                expected=f"{unit.name} active",
                found=f"{unit.name} is {state}",
            )
        if self.enabled:
            boot = yield from starts_at_boot(files, unit, unit.name)
            findings.note(boot.started, expected=f"{unit.name} started at boot", found=boot.said)


def _instead(files: UnitFiles, name: str) -> str:
    """That there is no such timer, and which the host has besides those of its packages."""
    others = {
        each
        for folder in PATH
        if folder != OWN
        for each, kind in files.folders.get(folder, {}).items()
        if each.endswith(".timer") and files.links.get(folder + b"/" + each.encode()) != NOWHERE
    }
    near = f"; there {'are' if len(others) > 1 else 'is'} {listed(map(plain, sorted(others)))}"
    return f"no unit called {name}{near if others else ''}"
