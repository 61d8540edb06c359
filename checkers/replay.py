"""Answers probes from stored observations, so that a verdict can be computed again.

A check of the same id is answered from its own transcript first; a check that asks for something
new is answered from what any check of the same phase observed. What is stored nowhere is
`not observed`, an error, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checkers.engine import Wanted
from checkers.model import AnyProbe, Failure, Observation, Phase, Vantage


class ReplayObserver:
    """The stored observations of one phase of one run, by check."""

    merges = False

    def __init__(self, phase: Phase, transcripts: Mapping[str, Sequence[Observation]]) -> None:
        self._phase = phase
        self._own = {
            check: {seen.probe: seen for seen in transcript}
            for check, transcript in transcripts.items()
        }
        self._any: dict[AnyProbe, Observation] = {}
        for transcript in transcripts.values():
            self._any.update({seen.probe: seen for seen in transcript})

    def observe(self, wanted: Sequence[Wanted]) -> Sequence[Observation]:
        """The stored answer to each probe."""
        return [self._find(want) for want in wanted]

    def _find(self, want: Wanted) -> Observation:
        own = self._own.get(want.askers[0], {})
        found = own.get(want.probe) or self._any.get(want.probe)
        if found is not None:
            return found
        failure = Failure(f"not observed: the record of this run ({self._phase}) has no answer")
        return Observation(want.probe, Vantage.BESIDE, 0.0, failure=failure)
