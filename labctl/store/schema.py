"""The tables, as they are now. What leads there from an older store is in `migrations/versions`.

    installation ── one row          people ── erasable, nothing refers to it
    centre_events                    the centre's own log; installation says where it ends
    sittings ─── sitting_events      likewise; sessions name the sitting that they belong to
    sessions ─┬─ events              the truth; the session's row is what they add up to
              └─ runs ── results     what grading found, as rows for lists

Only types that SQLite and PostgreSQL have in common. Times and JSON are text, since both are hashed
and must come back letter for letter.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
"""Named by rule, so that a later migration can name what it changes on every database."""


def _event() -> tuple[Column[Any], ...]:
    """What a log keeps of an event beside whose log it is, in the order of `Event`."""
    return (
        Column("sequence", Integer, primary_key=True, autoincrement=False),
        Column("at", String(32), nullable=False),
        Column("kind", String(100), nullable=False),
        Column("data", Text, nullable=False),
        Column("actor", String(200), nullable=False),
        Column("previous", String(64), nullable=False),
        Column("hash", String(64), nullable=False),
    )


installation = Table(
    "installation",
    metadata,
    Column("only", Integer, CheckConstraint('"only" = 1', name="only"), primary_key=True),
    Column("id", String(32), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("head", String(64), nullable=False),
)

centre_events = Table(
    "centre_events",
    metadata,
    # In the order of `Event`; the first is always `CENTRE`.
    Column("session", String(16), primary_key=True),
    *_event(),
)

sessions = Table(
    "sessions",
    metadata,
    # In the order of `SessionRecord`, which is made of a row as it comes.
    Column("code", String(16), primary_key=True),
    Column("candidate", String(200), nullable=False, index=True),
    Column("lab", String(200), nullable=False),
    Column("lab_digest", String(64), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", String(32), nullable=False),
    Column("plan", String(64), nullable=False),
    Column("created", String(32), nullable=False, index=True),
    Column("updated", String(32), nullable=False),
    Column("deadline", String(32)),
    Column("sequence", Integer, nullable=False),
    Column("head", String(64), nullable=False),
    Column("intentions", Integer, nullable=False, index=True),
    Column("held", Boolean, nullable=False, server_default=false()),
    Column("sitting", String(16), index=True),
    CheckConstraint("mode in ('practice', 'assessment')", name="mode"),
    UniqueConstraint("candidate", "lab", "attempt"),
)

sittings = Table(
    "sittings",
    metadata,
    # In the order of `SittingRecord`, which is made of a row as it comes.
    Column("code", String(16), primary_key=True),
    Column("created", String(32), nullable=False, index=True),
    Column("updated", String(32), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("head", String(64), nullable=False),
)

sitting_events = Table(
    "sitting_events",
    metadata,
    # In the order of `Event`; the first is the sitting's code.
    Column("session", String(16), ForeignKey("sittings.code"), primary_key=True),
    *_event(),
)

events = Table(
    "events",
    metadata,
    # In the order of `Event`.
    Column("session", String(16), ForeignKey("sessions.code"), primary_key=True),
    *_event(),
)

runs = Table(
    "runs",
    metadata,
    # In the order of `RunRecord`.
    Column("session", String(16), ForeignKey("sessions.code"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, nullable=False),
    Column("at", String(32), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("scheme", String(64), nullable=False),
    Column("checkers", String(64), nullable=False),
    Column("transcript", String(64)),
    Column("summary", Text, nullable=False),
)

results = Table(
    "results",
    metadata,
    Column("session", String(16), primary_key=True),
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    # From here on in the order of `Result`.
    Column("task", String(200), nullable=False),
    Column("check", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("marks", Float(53)),
    Column("available", Float(53), nullable=False),
    Column("expected", Text, nullable=False),
    Column("found", Text, nullable=False),
    Column("blame", String(16)),
    Column("flags", Text, nullable=False),
    ForeignKeyConstraint(["session", "run"], ["runs.session", "runs.number"]),
)

people = Table(
    "people",
    metadata,
    Column("code", String(200), primary_key=True),
    Column("name", Text, nullable=False),
    Column("data", Text, nullable=False),
)
