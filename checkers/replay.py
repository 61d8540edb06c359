"""Answers probes from stored observations, so that a verdict can be computed again.

A check of the same id is answered from its own transcript first, in the order in which it asked: a
question that it put twice gets the first answer, then the second. A check that asks for something
new is answered from what any check of the same phase observed. What is stored nowhere is
`not observed`, an error, never a guess.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from checkers.engine import Wanted
from checkers.model import AnyProbe, Failure, Observation, Phase, Vantage


class ReplayObserver:
    """The stored observations of one phase of one run, by check; good for one replay."""

    merges = False

    def __init__(self, phase: Phase, transcripts: Mapping[str, Sequence[Observation]]) -> None:
        self._phase = phase
        self._own: dict[tuple[str, AnyProbe], deque[Observation]] = {}
        self._any: dict[AnyProbe, Observation] = {}
        for check, transcript in transcripts.items():
            for seen in transcript:
                self._own.setdefault((check, seen.probe), deque()).append(seen)
                self._any[seen.probe] = seen

    def observe(self, wanted: Sequence[Wanted]) -> Sequence[Observation]:
        """The stored answer to each probe."""
        return [self._find(want) for want in wanted]

    def _find(self, want: Wanted) -> Observation:
        own = self._own.get((want.askers[0], want.probe))
        if own:
            # The last answer stands for whatever a corrected check asks beyond it.
            return own.popleft() if len(own) > 1 else own[0]
        found = self._any.get(want.probe)
        if found is not None:
            return found
        failure = Failure(f"not observed: the record of this run ({self._phase}) has no answer")
        return Observation(want.probe, Vantage.BESIDE, 0.0, failure=failure)
