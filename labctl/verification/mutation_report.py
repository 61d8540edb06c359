"""The report of lines left out of solutions, for people (Markdown) and for programs (JSON)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from labctl.verification.mutating import Fate, MutantResult, unexplained

FATES: tuple[Fate, ...] = ("noticed", "explained", "unnoticed", "problem")
_HEADINGS = {
    "unnoticed": "No check notices when these are missing",
    "problem": "Could not be tried",
    "explained": "Explained, and not tried",
}


def json_text(results: Sequence[MutantResult], total: int) -> str:
    """`{"ok", "complete", "results": [...]}`, as `labctl labs mutate --json` prints it.

    `total` is how many lines there are: an interrupted run has fewer results, and is not `ok`.
    """
    complete = len(results) == total
    told = {
        "ok": complete and not unexplained(results),
        "complete": complete,
        "results": [asdict(result) for result in results],
    }
    return json.dumps(told, indent=2)


def counted(results: Sequence[MutantResult]) -> str:
    """How many lines came to what: `24 noticed, 7 explained (4 of them inside here-documents)`."""
    fates = Counter(one.fate for one in results)
    inside = sum(one.fate == "explained" and bool(one.line.inside) for one in results)
    told = {fate: f"{fates[fate]} {fate}" for fate in FATES if fates[fate]}
    if inside:
        told["explained"] += f" ({inside} of them inside here-documents)"
    return ", ".join(told.values()) or "none tried"


def text_of(results: Sequence[MutantResult], total: int) -> str:
    """A table with a row a lab, then what wants attention, then every explanation."""
    lines = ["# Lines left out of solutions", ""]
    if len(results) < total:
        lines += [f"Interrupted: {len(results)} of {total} lines had been looked at.", ""]
    lines += [
        f"{len(results)} lines: {counted(results)}.",
        "",
        "| lab | lines | noticed | explained | inside here-documents | unnoticed | problems |",
        "|---|---|---|---|---|---|---|",
    ]
    for lab, found in groupby(results, key=lambda one: one.lab):
        lines.append(_row(lab, list(found)))
    for fate, heading in _HEADINGS.items():
        chosen = [one for one in results if one.fate == fate]
        if chosen:
            lines += ["", f"## {heading}", "", *map(_item, chosen)]
    return "\n".join(lines) + "\n"


def _row(lab: str, rows: list[MutantResult]) -> str:
    fates = Counter(one.fate for one in rows)
    inside = sum(one.fate == "explained" and bool(one.line.inside) for one in rows)
    numbers = (fates["noticed"], fates["explained"], inside, fates["unnoticed"], fates["problem"])
    return f"| {lab} | {len(rows)} | " + " | ".join(map(str, numbers)) + " |"


def _item(one: MutantResult) -> str:
    text = " ".join(one.line.text.split()).replace("`", "'")
    why = " ".join(one.detail.split()).replace("<", "&lt;")
    told = f"- **{one.lab}**, {one.script}:{one.line.first}: `{text[:100]}`"
    return f"{told}: {why}" if why else told
