"""When a line of a log was written, by the time at its beginning or in brackets."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

LONGEST = 200
"""Characters of a line in which its time is looked for."""

_ISO = re.compile(
    r"\[?(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,]\d{1,9})?\s?(Z|[+-]\d{2}:?\d{2})?"
)
_SYSLOG = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2})")
_COMMON = re.compile(r"\[(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{4})\]")
_SLASHED = re.compile(r"(\d{4})/(\d{2})/(\d{2}) (\d{2}:\d{2}:\d{2})")


def written_at(line: str, now: datetime) -> datetime | None:
    """The time of a line; None where none is understood.

    Understood are ISO 8601 (rsyslog), syslog's old form, which has no year (the last such day
    before tomorrow), and those of web servers' access and error logs. One without a zone is taken
    as UTC, the zone of the labs' hosts.
    """
    head = line[:LONGEST]
    try:
        if found := _ISO.match(head):
            zone = (found[3] or "+00:00").replace("Z", "+00:00")
            return datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}")
        if found := _SYSLOG.match(head):
            text = f"{now.year} {found[1]} {found[2]} {found[3]} +0000"
            moment = datetime.strptime(text, "%Y %b %d %H:%M:%S %z")
            return (
                moment if moment <= now + timedelta(days=1) else moment.replace(year=now.year - 1)
            )
        if found := _COMMON.search(head):
            text = " ".join(found.groups())
            return datetime.strptime(text, "%d %b %Y %H:%M:%S %z")
        if found := _SLASHED.match(head):
            text = "-".join(found.groups()[:3]) + f"T{found[4]}+00:00"
            return datetime.fromisoformat(text)
    except ValueError:
        return None
    return None


def moment(seconds: float) -> datetime:
    """A time in seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
