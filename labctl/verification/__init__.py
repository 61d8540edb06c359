"""A lab proves itself: every case on real hosts, and exactly the expected verdicts.

cases     carrying out a case's steps, as the candidate would
trial     a case on hosts of its own, and many of them side by side
judging   what a case expects of each check, and where a run differs
running   every case of some labs with several seeds; what `labctl labs verify` does
ledger    what was found out already, so that a run goes on where it stopped
mutating  the solution with one line left out at a time; what `labctl labs mutate` does
lines     which lines of a script can be left out
"""

from labctl.verification.cases import apply_case
from labctl.verification.judging import Mismatch, judge
from labctl.verification.mutating import MutantResult, mutate, unexplained
from labctl.verification.running import CaseResult, Report, verify

__all__ = [
    "CaseResult",
    "Mismatch",
    "MutantResult",
    "Report",
    "apply_case",
    "judge",
    "mutate",
    "unexplained",
    "verify",
]
