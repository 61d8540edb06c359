"""The report of a verification, for people (Markdown) and for programs (JSON)."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby

from labctl.verification.judging import Mismatch
from labctl.verification.running import CaseResult, Report


def json_text(report: Report) -> str:
    """`{"ok", "seconds", "results": [...]}`, as `labctl labs verify --json` prints it."""
    results = [asdict(result) for result in report.results]
    return json.dumps({"ok": report.ok, "seconds": report.seconds, "results": results}, indent=2)


def report_from_json(text: str) -> Report:
    """The report that `json_text` wrote; raises `ValueError` for a text that is none."""
    try:
        told = json.loads(text)
        results = tuple(
            CaseResult(
                **each | {"mismatches": tuple(Mismatch(**one) for one in each["mismatches"])}
            )
            for each in told["results"]
        )
        return Report(results, float(told["seconds"]))
    except (TypeError, KeyError) as error:
        raise ValueError(f"not a report of a verification: {error}") from error


def text_of(report: Report) -> str:
    """A table with a row a lab, then every case that was not as expected, with its reasons."""
    right = sum(result.ok for result in report.results)
    lines = [
        "# Verification of labs",
        "",
        f"{right} of {len(report.results)} cases were as expected, in {report.seconds:.0f} s.",
        "",
        "| lab | cases | seeds | as expected | seconds |",
        "|---|---|---|---|---|",
    ]
    for lab, found in groupby(report.results, key=lambda result: result.lab):
        rows = list(found)
        names = {row.case for row in rows}
        seeds = {row.seed for row in rows}
        fine = sum(row.ok for row in rows)
        spent = sum(row.seconds for row in rows)
        lines.append(
            f"| {lab} | {len(names)} | {len(seeds)} | {fine} of {len(rows)} | {spent:.0f} |"
        )
    wrong = [result for result in report.results if not result.ok]
    if wrong:
        lines += ["", "## Not as expected", ""]
    for result in wrong:
        lines += _case(result)
    return "\n".join(lines) + "\n"


def _case(result: CaseResult) -> list[str]:
    lines = [f"- **{result.lab}**, case `{result.case}`, seed {result.seed}"]
    if result.problem:
        lines.append(f"  - could not be carried out: {_flat(result.problem)}")
    lines += [
        f"  - `{each.subject}`: expected {each.expected}, found {_flat(each.found)}"
        for each in result.mismatches
    ]
    return lines


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
