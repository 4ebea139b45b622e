"""The tables of the control database, as of the newest migration (a test compares the two)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = sa.MetaData(naming_convention=NAMING)
VERSION_TABLE = "control_version"


class Utc(sa.types.TypeDecorator[datetime]):
    """A moment with its time zone in and out, kept as UTC. SQLite would silently drop the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Aware datetimes only; a naive one is a mistake of the caller (ValueError)."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; pass datetime.now(UTC)")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _project(nullable: bool = False) -> sa.Column[Any]:
    return sa.Column("project", sa.Text, sa.ForeignKey("projects.name"), nullable=nullable)


PROJECTS = sa.Table(
    "projects",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("retention_days", sa.Integer, nullable=False),
    sa.Column("content_days", sa.Integer, nullable=False),
)

ENVIRONMENTS = sa.Table(
    "environments",
    METADATA,
    sa.Column("project", sa.Text, sa.ForeignKey("projects.name"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
)

API_KEYS = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _project(),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("last_used_at", Utc),
    sa.Column("revoked_at", Utc),
    # Of public keys alone: what binds them, and their text, which stands in pages for everyone to read.
    sa.Column("terms", sa.JSON(none_as_null=True)),
    sa.Column("text", sa.Text),
    sa.CheckConstraint("scope in ('ingest', 'read', 'admin', 'public')", name="scope"),
    sa.CheckConstraint("(scope = 'public') = (terms is not null and text is not null)", name="public"),
    sa.Index("ix_api_keys_project", "project"),
)

# One value per key and project, and one per key for everything; NULLs never collide in a plain
# unique constraint, so there are two partial indexes.
SETTINGS = sa.Table(
    "settings",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _project(nullable=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("updated_at", Utc, nullable=False),
)
SETTING_OF_PROJECT = sa.Index(
    "uq_settings_project_key",
    SETTINGS.c.project,
    SETTINGS.c.key,
    unique=True,
    sqlite_where=SETTINGS.c.project.is_not(None),
    postgresql_where=SETTINGS.c.project.is_not(None),
)
SETTING_OF_ALL = sa.Index(
    "uq_settings_key",
    SETTINGS.c.key,
    unique=True,
    sqlite_where=SETTINGS.c.project.is_(None),
    postgresql_where=SETTINGS.c.project.is_(None),
)

# Only ever appended to: what explains a past figure stays. `rates` is SQL NULL for a withdrawal.
PRICES = sa.Table(
    "prices",
    METADATA,
    sa.Column("version", sa.Integer, primary_key=True),
    _project(nullable=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("rates", sa.JSON(none_as_null=True)),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("entered_by", sa.Text, nullable=False),
    sa.Column("entered_at", Utc, nullable=False),
    sqlite_autoincrement=True,
)

# No foreign key to projects: the record of who did what outlives what it was done to.
AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("project", sa.Text),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Index("ix_audit_project_id", "project", "id"),
    sqlite_autoincrement=True,
)

# A person who was removed keeps a row, so that removing the last one does not open the door again.
PEOPLE = sa.Table(
    "people",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("password", sa.Text),
    sa.Column("external_id", sa.Text),
    sa.Column("server_admin", sa.Boolean, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("last_seen_at", Utc),
    sa.Column("removed_at", Utc),
)
PERSON_EMAIL = sa.Index(
    "uq_people_email",
    PEOPLE.c.email,
    unique=True,
    sqlite_where=PEOPLE.c.removed_at.is_(None),
    postgresql_where=PEOPLE.c.removed_at.is_(None),
)
PERSON_EXTERNAL = sa.Index(
    "uq_people_external_id",
    PEOPLE.c.external_id,
    unique=True,
    sqlite_where=PEOPLE.c.removed_at.is_(None),
    postgresql_where=PEOPLE.c.removed_at.is_(None),
)

ROLES = sa.Table(
    "roles",
    METADATA,
    sa.Column("person", sa.Text, sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("project", sa.Text, sa.ForeignKey("projects.name"), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.CheckConstraint("role in ('reader', 'editor', 'admin')", name="role"),
)

# One-time links that set a password, by the hash of their token.
LINKS = sa.Table(
    "links",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, sa.ForeignKey("people.id"), nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("expires_at", Utc, nullable=False),
    sa.Index("ix_links_person", "person"),
)

# Browsers that are signed in, by the hash of their cookie.
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, sa.ForeignKey("people.id"), nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("last_seen_at", Utc, nullable=False),
    sa.Column("expires_at", Utc, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Index("uq_sessions_digest", "digest", unique=True),
    sa.Index("ix_sessions_person", "person"),
)

# Sign-ins that failed, by account (hash of what was typed) and by address.
LOCKOUTS = sa.Table(
    "lockouts",
    METADATA,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", Utc, nullable=False),
    sa.Column("until", Utc),
    sa.Index("ix_lockouts_last_at", "last_at"),
)

# A page with its query string under a name. `owner` NULL: everyone in the project sees it.
VIEWS = sa.Table(
    "views",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _project(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("page", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, sa.ForeignKey("people.id")),
    sa.Column("created_at", Utc, nullable=False),
    sa.Index("ix_views_project", "project"),
)

# What a project means by the name of a score.
SCORE_DEFINITIONS = sa.Table(
    "score_definitions",
    METADATA,
    sa.Column("project", sa.Text, sa.ForeignKey("projects.name"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("data_type", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("low", sa.Float),
    sa.Column("high", sa.Float),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("categories", sa.JSON, nullable=False),
    sa.Column("archived", sa.Boolean, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("updated_at", Utc, nullable=False),
)
