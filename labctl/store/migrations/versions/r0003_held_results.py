"""A session's result can be held back."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sessions",
        sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()),
    )
