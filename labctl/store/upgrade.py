"""Bringing an older store's tables to this program's version, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    """Alembic's settings; there is no `alembic.ini`, since the migrations belong to the package."""
    config = Config()
    # A `%` in the path would be read as the start of an interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def known_revisions() -> frozenset[str]:
    """Every version that this program can start from."""
    scripts = ScriptDirectory.from_config(configuration())
    return frozenset(script.revision for script in scripts.walk_revisions())


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing, in the transaction that `connection` is in."""
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, to)
