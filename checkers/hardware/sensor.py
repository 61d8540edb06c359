"""The check type `sensor`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from checkers.check import Asking, Check, CheckType, ask
from checkers.findings import Findings
from checkers.hardware_state import Hardware, LogEntry, ManagementController, SensorState
from checkers.linux._attributes import GONE, Path, described
from checkers.matchers import Matcher, holds, spoken
from checkers.model import File, Subject
from checkers.reading import content_of, unobserved
from checkers.words import listed, plain

PowerAct = Literal["off", "on", "cycle", "reset", "interrupt", "soft"]
PowerActs = Annotated[tuple[PowerAct, ...], Field(min_length=1)]
SensorName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+/-]{0,15}$")]
LARGEST = 1 << 20
"""Bytes of a saved event log that are read."""


class Sensor(CheckType):
    """The management controller (BMC) of the host shows this, holds this, or was told this.

        sensor: {name: PSU2 Status, state: ok}
        sensor: {name: Inlet Temp, reading: {max: 30}, thresholds: unchanged}
        sensor: {thresholds: unchanged}
        sensor: {log: cleared}
        sensor: {saved: /root/sel.txt}
        sensor: {never: [off, cycle, reset]}

    `name` is a sensor as `ipmitool sensor` shows it; `reading` is in its unit. `state` is `ok`,
    `nc`, `cr` or `nr` (non-critical, critical, non-recoverable) by the thresholds as they are set
    now; a power supply's is `ok`, `failed`, `input-lost` or `absent`, a lid's `ok` or `open`.
    `thresholds: unchanged`: they are what the sensor came with; without `name`, those of all.

    `log` is about the alarms in the system event log, which are the entries that the hardware came
    to: what the lab file put there, and what its faults and the acts of hands brought about.
    `cleared`: none of them is there any more, whatever was written since; `kept`: all are there.
    `saved` is a file with a line for each of those alarms: its number, its time and its sensor, as
    `ipmitool sel list`, `sel elist` and `ipmi-sel` print them (times in UTC).

    `done` and `never` are what the BMC was told, or was not told, to do to the power (`ipmitool
    chassis power`): `soft`, `off`, `on`, `cycle`, `reset`, `interrupt` (`diag`). What hands did is
    the type `hands`.

    All of it is what the BMC itself holds; nothing on the host has a part in it but the saved file.
    What root on the host can do to it is what IPMI can do: thresholds, the log, the power.

    Error: the hardware cannot be looked at, it has no BMC, or the BMC has no sensor of this name;
    the log never held an alarm. For virtual machines with `bmc:`.
    """

    kind: ClassVar[str] = "sensor"

    name: SensorName | None = None
    reading: Matcher | None = None
    state: Matcher | None = None
    thresholds: Literal["unchanged"] | None = None
    log: Literal["cleared", "kept"] | None = None
    saved: Path | None = None
    done: PowerActs | None = None
    never: PowerActs | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Sensor:
        given = self.model_fields_set - {"name"}
        if not given:
            raise ValueError("say what is expected: `reading`, `state`, `thresholds`, `log` …")
        about_one = given & {"reading", "state"}
        if about_one and self.name is None:
            raise ValueError(f"`{min(about_one)}` needs the `name` of a sensor")
        if self.name is not None and not given & {"reading", "state", "thresholds"}:
            raise ValueError("`name` goes with `reading`, `state` and `thresholds`")
        if both := set(self.done or ()) & set(self.never or ()):
            raise ValueError(f"`{min(both)}` cannot be both done and never done")
        return self

    def run(self, subject: Subject) -> Check:
        """Look at what the BMC holds, and at the file where its log was saved."""
        bmc = yield from _look(subject.host)
        findings = Findings()
        self._compare_sensor(findings, bmc)
        if self.thresholds is not None:
            _compare_thresholds(findings, _named(bmc, self.name) if self.name else bmc.sensors)
        if self.log is not None:
            _compare_log(findings, _alarms(bmc), cleared=self.log == "cleared")
        if self.saved is not None:
            yield from _compare_file(findings, subject.host, self.saved, _alarms(bmc))
        told = [command.act for command in bmc.powers]
        found = f"the BMC was told: {listed(told, none='nothing')}"
        for act in self.done or ():
            findings.note(act in told, expected=f"the BMC was told: {act}", found=found)
        for act in self.never or ():
            findings.note(act not in told, expected=f"the BMC was not told: {act}", found=found)
        return findings.verdict()

    def _compare_sensor(self, findings: Findings, bmc: ManagementController) -> None:
        if self.name is None or (self.reading is None and self.state is None):
            return
        (sensor,) = _named(bmc, self.name)
        if self.reading is not None:
            if sensor.reading is None:
                raise unobserved(f"{self.name} has no reading, only a state")
            findings.note(
                holds(self.reading, sensor.reading),
                expected=f"{self.name} reads {spoken(self.reading)} {sensor.unit}",
                found=f"{self.name} reads {sensor.reading:g} {sensor.unit}",
            )
        if self.state is not None:
            findings.note(
                holds(self.state, sensor.state),
                expected=f"{self.name} is {spoken(self.state)}",
                found=f'{self.name} is "{sensor.state}"',
            )


def _look(host: str) -> Asking[ManagementController]:
    seen = yield from ask(Hardware(host))
    if seen.bmc is None or not seen.bmc.sensors:
        raise unobserved(f"{host} has no management controller that could be looked at")
    return seen.bmc


def _named(bmc: ManagementController, name: str) -> tuple[SensorState, ...]:
    found = tuple(each for each in bmc.sensors if each.name == name)
    if len(found) != 1:
        raise unobserved(f"the management controller has no sensor {name}")
    return found


def _alarms(bmc: ManagementController) -> tuple[LogEntry, ...]:
    found = tuple(each for each in bmc.log if each.alarm)
    if not found:
        raise unobserved("the event log never held an alarm")
    return found


def _compare_thresholds(findings: Findings, sensors: tuple[SensorState, ...]) -> None:
    limited = [sensor for sensor in sensors if sensor.delivered]
    if not limited:
        raise unobserved("no sensor that was asked about has thresholds")
    for sensor in limited:
        came_with = dict(sensor.delivered)
        moved = [
            f"{name} of {sensor.name} {value:g} {sensor.unit}"
            for name, value in sensor.thresholds
            if came_with.get(name) != value
        ]
        wanted = [
            f"{name} of {sensor.name} {came_with[name]:g} {sensor.unit}"
            for name, value in sensor.thresholds
            if name in came_with and came_with[name] != value
        ]
        same = sensor.thresholds == sensor.delivered
        findings.note(
            same,
            expected="thresholds as delivered" if same else listed(wanted),
            found="thresholds as delivered" if same else listed(moved),
        )


def _compare_log(findings: Findings, alarms: tuple[LogEntry, ...], *, cleared: bool) -> None:
    there = [each for each in alarms if not each.erased]
    found = f"{len(there)} of {len(alarms)} alarms are in the event log"
    if cleared:
        findings.note(not there, expected="no alarm left in the event log", found=found)
    else:
        whole = len(there) == len(alarms)
        findings.note(whole, expected=f"all {len(alarms)} alarms in the event log", found=found)


def _compare_file(
    findings: Findings, host: str, path: str, alarms: tuple[LogEntry, ...]
) -> Asking[None]:
    where = plain(path)
    saved = yield from ask(File(host, path.encode(), limit=LARGEST))
    expected = f"all {len(alarms)} alarms of the event log in {where}"
    if saved.type is None and saved.why not in GONE:
        raise unobserved(f"{where} cannot be looked for: {saved.why or 'no reason given'}")
    if saved.type != "file":
        findings.miss(expected=expected, found=f"{where} is {described(saved)}")
        return
    text = content_of(path.encode(), saved).decode("utf-8", "replace")
    missing = [each for each in alarms if not _line_of(each).search(text)]
    there = len(alarms) - len(missing)
    told = f"{there} of {len(alarms)} in {where}"
    if missing:
        told += f"; missing is {missing[0].number:x} ({missing[0].sensor}, {missing[0].words})"
    findings.note(not missing, expected=expected, found=told if missing else expected)


def _line_of(entry: LogEntry) -> re.Pattern[str]:
    """A line about an entry: its number in hexadecimal or decimal, its time, its sensor."""
    at = datetime.fromtimestamp(entry.at, UTC)
    sensor = rf"(?:{re.escape(entry.sensor)}(?![\w])|#0x0*{entry.sensor_number:x}\b)"
    number = rf"(?:0x)?0*(?:{entry.number:x}|{entry.number})"
    return re.compile(rf"(?mi)^[ \t]*{number}[ \t]*[|,][^\n]*\b{at:%H:%M:%S}\b[^\n]*{sensor}")
