"""Public keys: what binds them, and their text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
_SCOPES = "scope in ('ingest', 'read', 'admin', 'public')"
_PUBLIC = "(scope = 'public') = (terms is not null and text is not null)"
_KEPT = "id, project, scope, label, digest, created_at, last_used_at, revoked_at"


def upgrade() -> None:
    """Add two columns and let the scope in. SQLite changes no constraint of a table, so it is copied."""
    if op.get_bind().dialect.name != "sqlite":
        op.add_column("api_keys", sa.Column("terms", sa.JSON))
        op.add_column("api_keys", sa.Column("text", sa.Text))
        op.drop_constraint("ck_api_keys_scope", "api_keys", type_="check")
        op.create_check_constraint("ck_api_keys_scope", "api_keys", _SCOPES)
        op.create_check_constraint("ck_api_keys_public", "api_keys", _PUBLIC)
        return
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "api_keys_new",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("last_used_at", moment),
        sa.Column("revoked_at", moment),
        sa.Column("terms", sa.JSON),
        sa.Column("text", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_api_keys_project"),
        sa.CheckConstraint(_SCOPES, name="ck_api_keys_scope"),
        sa.CheckConstraint(_PUBLIC, name="ck_api_keys_public"),
    )
    op.execute(f"INSERT INTO api_keys_new ({_KEPT}) SELECT {_KEPT} FROM api_keys")
    op.drop_table("api_keys")
    op.rename_table("api_keys_new", "api_keys")
    op.create_index("ix_api_keys_project", "api_keys", ["project"])
