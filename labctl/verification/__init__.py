"""A lab proves itself: every case on real hosts, and exactly the expected verdicts.

cases     carrying out a case's steps, as the candidate would
judging   what a case expects of each check, and where a run differs
running   many cases, side by side, each on hosts of its own
"""

from labctl.verification.cases import apply_case
from labctl.verification.judging import Mismatch, judge
from labctl.verification.running import CaseResult, Report, verify

__all__ = ["CaseResult", "Mismatch", "Report", "apply_case", "judge", "verify"]
