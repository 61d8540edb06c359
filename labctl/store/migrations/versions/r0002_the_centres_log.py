"""A log of the centre itself, beside those of its sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GENESIS = "0" * 64


def upgrade() -> None:
    op.create_table(
        "centre_events",
        sa.Column("session", sa.String(16), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    # The log of a store that is older begins now, with no event in it.
    for column in (
        sa.Column("sequence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("head", sa.String(64), nullable=False, server_default=GENESIS),
    ):
        op.add_column("installation", column)
