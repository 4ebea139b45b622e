"""Projects, environments, keys and settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the four tables."""
    op.create_table(
        "projects",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("content_days", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_projects"),
    )
    op.create_table(
        "environments",
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_environments"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_environments_project"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_api_keys_project"),
        sa.CheckConstraint("scope in ('ingest', 'read', 'admin')", name="ck_api_keys_scope"),
    )
    op.create_index("ix_api_keys_project", "api_keys", ["project"])
    op.create_table(
        "settings",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("project", sa.Text),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_settings"),
        sa.ForeignKeyConstraint(["project"], ["projects.name"], name="fk_settings_project"),
    )
    of_project, of_all = sa.text("project IS NOT NULL"), sa.text("project IS NULL")
    op.create_index(
        "uq_settings_project_key",
        "settings",
        ["project", "key"],
        unique=True,
        sqlite_where=of_project,
        postgresql_where=of_project,
    )
    op.create_index(
        "uq_settings_key", "settings", ["key"], unique=True, sqlite_where=of_all, postgresql_where=of_all
    )
