"""What every probe is (see `checkers.model` for the kinds that there are)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

ResultT_co = TypeVar("ResultT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Probe(Generic[ResultT_co]):
    """A read-only question put to `host`; `ResultT_co` is the type of its answer."""

    host: str
