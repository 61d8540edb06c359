"""The shape of the part of a lab file that describes a machine's BMC."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from labctl.bmc.sensors import ANALOG, DISCRETE, THRESHOLDS, fits
from labctl.library.format import Strict
from labctl.library.quantities import Seconds

SensorName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+/-]{0,15}$")]
"""As long as IPMI has room for: a sensor's or a part's name."""
Printed = Annotated[str, StringConstraints(pattern=r"^[ -~]{2,32}$")]
"""What is printed on a part: 2 to 32 characters of ASCII."""

SensorType = Literal[
    "temperature", "voltage", "current", "fan", "power", "power-supply", "intrusion"
]
PartType = Literal["power-supply", "fan", "board"]
ThresholdName = Literal["lnr", "lcr", "lnc", "unc", "ucr", "unr"]
Shown = float | int | str


def misfit(type_: str, shown: Shown) -> str:
    """Why a sensor of this type cannot show that; empty if it can."""
    if type_ in DISCRETE:
        states = DISCRETE[type_].states
        return "" if shown in states else f"expected one of {', '.join(states)}"
    if isinstance(shown, str):
        return f"expected a number of {ANALOG[type_].unit}"
    if fits(type_, shown):
        return ""
    step = ANALOG[type_].step
    return f"expected a multiple of {step:g} {ANALOG[type_].unit}, from 0 to {255 * step:g}"


class Sensor(Strict):
    """A sensor; `reading` is what it shows while all is well, by default that its state is `ok`."""

    name: SensorName
    type: SensorType
    reading: Shown = "ok"
    thresholds: dict[ThresholdName, float | int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _shows_it(self) -> Sensor:
        if why := misfit(self.type, self.reading):
            raise ValueError(f"the `reading` of a {self.type} sensor: {why}")
        if self.type in DISCRETE and self.thresholds:
            raise ValueError(f"a {self.type} sensor has no thresholds")
        for name, value in self.thresholds.items():
            if why := misfit(self.type, value):
                raise ValueError(f"`{name}` of a {self.type} sensor: {why}")
        order = [THRESHOLDS[2], THRESHOLDS[1], THRESHOLDS[0], *THRESHOLDS[3:]]
        values = [self.thresholds[name] for name in order if name in self.thresholds]
        if values != sorted(set(values)):
            raise ValueError("thresholds rise in the order lnr, lcr, lnc, unc, ucr, unr")
        return self


class System(Strict):
    """The machine itself, as its FRU data name it."""

    manufacturer: Printed
    product: Printed
    part_number: Annotated[Printed, Field(alias="part-number")]
    serial: Printed


class ReplaceablePart(System):
    """A part that can be replaced; `hot` where it is replaced while the machine runs."""

    name: SensorName
    type: PartType
    sensors: list[SensorName] = Field(default_factory=list)
    hot: bool = False


class OldEvent(Strict):
    """An entry that the event log begins with: what a sensor showed so long ago."""

    sensor: SensorName
    reading: Shown
    ago: Seconds
    ended: bool = False


class Bmc(Strict):
    """A baseboard management controller: its sensors, parts and old events."""

    system: System
    sensors: Annotated[list[Sensor], Field(min_length=1, max_length=40)]
    parts: Annotated[list[ReplaceablePart], Field(max_length=20)] = Field(default_factory=list)
    events: Annotated[list[OldEvent], Field(max_length=100)] = Field(default_factory=list)
