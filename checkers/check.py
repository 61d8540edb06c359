"""What a check is: a pure generator from observations to a verdict.

    class Route(CheckType):
        kind: ClassVar[str] = "route"
        to: str
        via: str

        def run(self, subject: Subject) -> Check:
            table = yield from ask(Program(subject.host, ("ip", "-j", "route", "show")))
            ...
            return failed(expected="…", found="…")

A check never touches the world. It asks, and what cannot be answered is raised as
`NotObserved`, which the engine turns into an *error*: a check that forgets about errors can
therefore not pass on one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from checkers.model import (
    AnyProbe,
    Blame,
    Failure,
    Observation,
    Phase,
    Status,
    Subject,
    Verdict,
)
from checkers.probe import Probe

T = TypeVar("T")

Check = Generator[tuple[AnyProbe, ...], tuple[Observation, ...], Verdict]
"""A running check: yields batches of probes, is sent their observations, returns a verdict."""

Asking = Generator[tuple[AnyProbe, ...], tuple[Observation, ...], T]


class NotObserved(Exception):
    """A probe has no usable answer; the check that needs it ends as *error*."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class CheckType(BaseModel, ABC):
    """Base of every check type: its fields are what the lab file gives, `run` judges.

    A subclass names itself by `kind`, says by `phase` when it can be run, and its docstring is
    the entry in docs/checks.md: meaning, units, an example, what counts as *error*.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    kind: ClassVar[str]
    phase: ClassVar[Phase] = Phase.STATE
    harmless: ClassVar[bool] = True
    """Whether it may run while the candidate works, without disturbing them."""
    asks_from: ClassVar[bool] = False
    """Whether it asks as another host, which must be one that the candidate cannot enter: then
    `from:` is required, and a field `network` is one of that host's."""

    @abstractmethod
    def run(self, subject: Subject) -> Check:
        """Start the check about `subject`."""

    def with_files(self, read: Callable[[str], bytes]) -> Self:
        """The same check, able to read files of the lab's folder; most have no need to."""
        del read
        return self


def ask(probe: Probe[T]) -> Asking[T]:
    """Put one probe and return its result; raises `NotObserved` where there is none."""
    (result,) = yield from ask_all(probe)
    return result


def ask_all(*probes: Probe[T]) -> Asking[tuple[T, ...]]:
    """Put several probes in one round; raises `NotObserved` for the first without a result."""
    observations = yield probes  # type: ignore[misc]  # Probe[T] is one of AnyProbe by construction
    for observation in observations:
        if observation.result is None:
            raise NotObserved(observation.failure or Failure("not observed"))
    return tuple(observation.result for observation in observations)  # type: ignore[misc]


def passed(*, expected: str, found: str, flags: tuple[str, ...] = ()) -> Verdict:
    """The check holds. Both texts are required: a pass that names nothing proves nothing."""
    if not expected or not found:
        raise ValueError("a pass must say what was expected and what was found")
    return Verdict(Status.PASSED, expected, found, flags=flags)


def failed(*, expected: str, found: str, flags: tuple[str, ...] = ()) -> Verdict:
    """The check does not hold, and this is what was found instead."""
    if not expected or not found:
        raise ValueError("a fail must say what was expected and what was found")
    return Verdict(Status.FAILED, expected, found, flags=flags)


def error(reason: str, blame: Blame = Blame.MACHINERY) -> Verdict:
    """The check could not be made; carries no judgement."""
    return Verdict(Status.ERROR, found=reason, blame=blame)
