"""The first tables. There is no way back: a record is never made less."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _installation()
    _sessions()
    _events()
    _runs()
    op.create_table(
        "people",
        sa.Column("code", sa.String(200), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )


def _installation() -> None:
    table = op.create_table(
        "installation",
        sa.Column(
            "only", sa.Integer, sa.CheckConstraint('"only" = 1', name="only"), primary_key=True
        ),
        sa.Column("id", sa.String(32), nullable=False),
    )
    op.bulk_insert(table, [{"only": 1, "id": secrets.token_hex(6)}])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("code", sa.String(16), primary_key=True),
        sa.Column("candidate", sa.String(200), nullable=False, index=True),
        sa.Column("lab", sa.String(200), nullable=False),
        sa.Column("lab_digest", sa.String(64), nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("created", sa.String(32), nullable=False, index=True),
        sa.Column("updated", sa.String(32), nullable=False),
        sa.Column("deadline", sa.String(32)),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("intentions", sa.Integer, nullable=False, index=True),
        sa.CheckConstraint("mode in ('practice', 'assessment')", name="mode"),
        sa.UniqueConstraint("candidate", "lab", "attempt"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("session", sa.String(16), sa.ForeignKey("sessions.code"), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("session", sa.String(16), sa.ForeignKey("sessions.code"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("scheme", sa.String(64), nullable=False),
        sa.Column("checkers", sa.String(64), nullable=False),
        sa.Column("transcript", sa.String(64)),
        sa.Column("summary", sa.Text, nullable=False),
    )
    op.create_table(
        "results",
        sa.Column("session", sa.String(16), primary_key=True),
        sa.Column("run", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("task", sa.String(200), nullable=False),
        sa.Column("check", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("marks", sa.Float(53)),
        sa.Column("available", sa.Float(53), nullable=False),
        sa.Column("expected", sa.Text, nullable=False),
        sa.Column("found", sa.Text, nullable=False),
        sa.Column("blame", sa.String(16)),
        sa.Column("flags", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["session", "run"], ["runs.session", "runs.number"]),
    )
