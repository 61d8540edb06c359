"""Run by Alembic: the migrations go into the transaction that `labctl.store.upgrade` is in."""

from alembic import context

from labctl.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by making it anew.
    render_as_batch=True,
)
context.run_migrations()
