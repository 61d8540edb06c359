"""The same work for several sessions at a time: one that fails costs no other.

When the caller is interrupted, work that has not begun is dropped, and work under way stops at the
next point where it asks `Controller.go_on`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from labctl.errors import LabctlError, OwnFault

if TYPE_CHECKING:
    from labctl.sessions.controller import Controller

ValueT = TypeVar("ValueT")

AT_ONCE = 3
"""Sessions that are worked on at the same time; the engine's daemon is the limit, not we."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[ValueT]):
    """What became of one of them: its value, or the error that stopped it."""

    name: str
    value: ValueT | None = None
    error: LabctlError | None = None


def side_by_side(
    controller: Controller,
    names: Sequence[str],
    act: Callable[[str], ValueT],
    done: Callable[[Outcome[ValueT]], None] = lambda _: None,
) -> tuple[Outcome[ValueT], ...]:
    """Call `act` with each name, a few at a time; the outcomes in the order of the names.

    `done` is called with each outcome as soon as it is there, from the thread it came about in.
    A fault that nobody foresaw is an `OwnFault` of the one that met it.
    """

    def one(name: str) -> Outcome[ValueT]:
        controller.go_on()
        try:
            outcome = Outcome(name, act(name))
        except LabctlError as error:
            outcome = Outcome(name, error=error)
        except Exception as error:  # noqa: BLE001  # in a fire alarm the others have to stop
            outcome = Outcome(name, error=_fault(error))
        done(outcome)
        return outcome

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="session") as pool:
        try:
            futures = [pool.submit(one, name) for name in names]
            return tuple(future.result() for future in futures)
        except BaseException:
            controller.interrupt()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _fault(error: Exception) -> OwnFault:
    last = traceback.extract_tb(error.__traceback__)[-1]
    told = f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
    return OwnFault(f"A fault of labctl's own: {told}.", "Please report it with this line.")
