"""Alembic's entry: runs the steps on the connection, and in the transaction, it is given."""

from __future__ import annotations

from alembic import context

from sightline.control.schema import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite changes a table by copying it
)
context.run_migrations()
