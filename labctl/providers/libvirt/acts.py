"""Physical acts: what becomes of a chassis, and of the power, when a technician's hands do one.

Nothing is touched here: an act makes a new chassis, or says in the technician's words why it
cannot be done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from checkers.words import size as size_of
from labctl.errors import UsageError
from labctl.hardware import SYSTEM, ActPlan
from labctl.providers.libvirt.chassis import Chassis, Fitted

OFF_FIRST = "Switch the machine off first (`poweroff` on it, or the act for its power button)."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act comes to.

    `pending` is what has to be done to the machine: to its power (`on`, `off`, `shut-down`, `cycle`
    or `reset`), or to `fit` it to the chassis.
    """

    chassis: Chassis
    told: str
    pending: str = "fit"


Doing = Callable[[Chassis, ActPlan, bool], Outcome]


def carry_out(chassis: Chassis, act: ActPlan, *, running: bool) -> Outcome:
    """What an act comes to, with the power on or off; `UsageError` where it cannot be done."""
    return _ACTS[act.act](chassis, act, running)


def _bay(act: ActPlan) -> int:
    return act.bay if act.bay is not None else 0


def _named(disk: Fitted) -> str:
    return f"the disk {disk.serial} ({size_of(disk.size)})"


def _replace_disk(chassis: Chassis, act: ActPlan, running: bool) -> Outcome:
    taken = _remove_disk(chassis, act, running)
    put = _insert_disk(taken.chassis, act, running)
    return Outcome(put.chassis, f"{taken.told}; {put.told}")


def _remove_disk(chassis: Chassis, act: ActPlan, _running: bool) -> Outcome:
    bay = _bay(act)
    if bay not in chassis.bays:
        raise UsageError(f"Bay {bay} is empty.")
    told = f"took {_named(chassis.bays[bay])} out of bay {bay}"
    return Outcome(chassis.without(bay), told)


def _insert_disk(chassis: Chassis, act: ActPlan, _running: bool) -> Outcome:
    bay = _bay(act)
    if bay in chassis.bays:
        raise UsageError(f"In bay {bay} there is {_named(chassis.bays[bay])} already.")
    left = [spare for spare in act.spares if spare.serial not in chassis.used]
    if not left:
        raise UsageError("No spare disk is left.", "Spares are used up once they have been fitted.")
    fitted = chassis.with_disk(bay, left[0])
    new = replace(fitted, used=(*chassis.used, left[0].serial))
    return Outcome(new, f"put {_named(new.bays[bay])} into bay {bay}")


def _reseat_disk(chassis: Chassis, act: ActPlan, _running: bool) -> Outcome:
    bay = _bay(act)
    if bay not in chassis.bays:
        raise UsageError(f"Bay {bay} is empty.")
    disk = chassis.bays[bay]
    new = chassis.broken(bay, loose=False, seated=disk.seated + 1)
    return Outcome(new, f"took {_named(disk)} out of bay {bay}, and pushed it home again")


def _link_up(chassis: Chassis, act: ActPlan, _running: bool) -> Outcome:
    name = act.nic or ""
    if name not in chassis.cut:
        return Outcome(chassis, f"the cable of {name} was firmly in place already")
    cut = tuple(each for each in chassis.cut if each != name)
    return Outcome(replace(chassis, cut=cut), f"pushed the loose cable of {name} home")


def _link_down(chassis: Chassis, act: ActPlan, _running: bool) -> Outcome:
    name = act.nic or ""
    if name in chassis.cut:
        return Outcome(chassis, f"the cable of {name} was out already")
    return Outcome(replace(chassis, cut=(*chassis.cut, name)), f"pulled the cable of {name}")


def _fit_card(chassis: Chassis, act: ActPlan, running: bool) -> Outcome:
    name = act.nic or ""
    _demand_off("A network card", running)
    if name not in chassis.removed:
        raise UsageError(f"The card of {name} is fitted already.")
    left = tuple(each for each in chassis.removed if each != name)
    return Outcome(replace(chassis, removed=left), f"fitted the network card of {name}")


def _remove_card(chassis: Chassis, act: ActPlan, running: bool) -> Outcome:
    name = act.nic or ""
    _demand_off("A network card", running)
    if name in chassis.removed:
        raise UsageError(f"The card of {name} is out already.")
    told = f"took the network card of {name} out"
    return Outcome(replace(chassis, removed=(*chassis.removed, name)), told)


def _fit_memory(chassis: Chassis, act: ActPlan, running: bool) -> Outcome:
    size = act.size or 0
    _demand_off("Memory", running)
    if act.id in chassis.used:
        raise UsageError("That memory is fitted already.")
    new = replace(chassis, memory=chassis.memory + size, used=(*chassis.used, act.id))
    return Outcome(new, f"fitted {size_of(size)} of memory; there are {size_of(new.memory)} now")


def _remove_memory(chassis: Chassis, act: ActPlan, running: bool) -> Outcome:
    size = act.size or 0
    _demand_off("Memory", running)
    if chassis.memory <= size:
        raise UsageError(f"There are only {size_of(chassis.memory)} of memory.")
    new = replace(chassis, memory=chassis.memory - size)
    return Outcome(new, f"took out {size_of(size)} of memory; there are {size_of(new.memory)} now")


def _replace_battery(chassis: Chassis, _act: ActPlan, running: bool) -> Outcome:
    _demand_off("The battery", running)
    if chassis.dead_clock is None:
        return Outcome(chassis, "changed the clock's battery; the old one was good")
    ahead = round(chassis.dead_clock - time.time())
    new = replace(chassis, dead_clock=None, clock_ahead=ahead)
    return Outcome(new, "changed the clock's battery")


def _boot_first(chassis: Chassis, act: ActPlan, _running: bool) -> Outcome:
    wanted = act.first or SYSTEM
    told = f"restarted the machine, entered its set-up, and put {_disk_named(wanted)} first"
    first = "" if wanted == SYSTEM else wanted
    return Outcome(replace(chassis, first=first, switched_off=False), told, "cycle")


def _disk_named(serial: str) -> str:
    return "the system's disk" if serial == SYSTEM else f"the disk {serial}"


def _replace_part(chassis: Chassis, act: ActPlan, running: bool) -> Outcome:
    part, serial = act.part, act.serial or ""
    if part is None:
        raise UsageError("The machine has no such part.")
    if not part.hot:
        _demand_off(part.name, running)
    if act.id in chassis.used:
        raise UsageError("No spare part is left.", "It is used up once it has been fitted.")
    readings = {name: shown for name, shown in chassis.readings.items() if name not in part.sensors}
    old = chassis.serials.get(part.name, part.serial)
    new = replace(
        chassis,
        readings=readings,
        serials={**chassis.serials, part.name: serial},
        used=(*chassis.used, act.id),
    )
    return Outcome(new, f"took {part.name} ({old}) out and put a new one ({serial}) in")


def _power_on(chassis: Chassis, _act: ActPlan, running: bool) -> Outcome:
    if running:
        raise UsageError("It is switched on already.")
    return Outcome(replace(chassis, switched_off=False), "switched the machine on", "on")


def _shut_down(chassis: Chassis, _act: ActPlan, running: bool) -> Outcome:
    if not running:
        raise UsageError("It is switched off already.")
    told = "pressed the power button and waited until the machine had shut down"
    return Outcome(replace(chassis, switched_off=True), told, "shut-down")


def _power_off(chassis: Chassis, _act: ActPlan, running: bool) -> Outcome:
    if not running:
        raise UsageError("It is switched off already.")
    told = "held the power button down until the machine went off"
    return Outcome(replace(chassis, switched_off=True), told, "off")


def _power_cycle(chassis: Chassis, _act: ActPlan, _running: bool) -> Outcome:
    told = "cut the power, counted to ten, and switched the machine on"
    return Outcome(replace(chassis, switched_off=False), told, "cycle")


def _reset(chassis: Chassis, _act: ActPlan, running: bool) -> Outcome:
    if not running:
        raise UsageError("It is switched off.")
    return Outcome(chassis, "pressed the reset button", "reset")


def _demand_off(what: str, running: bool) -> None:
    if running:
        raise UsageError(f"{what} cannot be changed while the machine has power.", OFF_FIRST)


_ACTS: dict[str, Doing] = {
    "replace-disk": _replace_disk,
    "remove-disk": _remove_disk,
    "insert-disk": _insert_disk,
    "reseat-disk": _reseat_disk,
    "link-up": _link_up,
    "link-down": _link_down,
    "fit-card": _fit_card,
    "remove-card": _remove_card,
    "fit-memory": _fit_memory,
    "remove-memory": _remove_memory,
    "replace-battery": _replace_battery,
    "boot-first": _boot_first,
    "replace-part": _replace_part,
    "power-on": _power_on,
    "shut-down": _shut_down,
    "power-off": _power_off,
    "power-cycle": _power_cycle,
    "reset": _reset,
}
