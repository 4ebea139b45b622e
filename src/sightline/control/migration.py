"""Bringing the control database to this code's schema: forward only, one process at a time."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine.interfaces import DBAPICursor

from sightline import __version__
from sightline.control.database import named_failures, shown
from sightline.control.errors import SchemaRefused
from sightline.control.schema import METADATA, VERSION_TABLE

HERE = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x5349_4748_544C  # "SIGHTL"; any number that nobody else takes


def revisions() -> list[str]:
    """Every revision this code knows, oldest first."""
    script = ScriptDirectory.from_config(_config())
    return [step.revision for step in script.walk_revisions()][::-1]


def current_revision(connection: sa.Connection) -> str | None:
    """The revision a database is at; None when it holds nothing of Sightline."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return None if found is None else str(found)


def migrate(engine: sa.Engine, target: str | None = None) -> str:
    """Bring the database to `target` (default: the newest revision) and return the revision it is at.

    All steps run in one transaction: a step that fails leaves the database as it was. A second
    process that starts at the same time waits, then finds the work done. Raises SchemaRefused for
    a database of a newer Sightline or one with foreign tables of the same names, ControlUnavailable
    when it cannot be reached or written.
    """
    with named_failures(engine.url):
        if engine.dialect.name == "sqlite":
            return _migrate_sqlite(engine, target)
        with engine.begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            return _upgrade(connection, target)


def _migrate_sqlite(engine: sa.Engine, target: str | None) -> str:
    with engine.connect() as connection:
        raw = connection.connection.cursor()
        # Steps that copy a table would trip over its references; they are checked at the end instead.
        raw.execute("PRAGMA foreign_keys = OFF")
        try:
            _use_wal(raw)
            connection = connection.execution_options(writes=True)
            with connection.begin():
                revision = _upgrade(connection, target)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise SchemaRefused(
                        f"The control database {shown(engine.url)} has a row in {broken[0]!r} that refers to"
                        f" a missing row in {broken[2]!r}; restore it from a backup."
                    )
        finally:
            raw.execute("PRAGMA foreign_keys = ON")
            raw.close()
        return revision


def _use_wal(cursor: DBAPICursor) -> None:
    """Let readers go on beside a writer. The mode stays in the file."""
    for pause in (0.01, 0.05, 0.2, 0.5, 1.0, 2.0, None):
        try:
            cursor.execute("PRAGMA journal_mode = WAL").fetchall()  # an unread answer blocks the commit
            return
        except sqlite3.OperationalError as error:
            # The busy time-out does not cover this step when another process takes it too.
            if pause is None or "locked" not in str(error):
                raise sa.exc.OperationalError("PRAGMA journal_mode = WAL", None, error) from error
            time.sleep(pause)


def _upgrade(connection: sa.Connection, target: str | None) -> str:
    known = revisions()
    target = target or known[-1]
    at = current_revision(connection)
    name = shown(connection.engine.url)
    if at is not None and at not in known:
        raise SchemaRefused(
            f"The control database {name} is at revision {at}, and Sightline {__version__} knows only up to"
            f" {known[-1]}: a newer Sightline wrote it. Install that version again, or restore a backup"
            " made before it."
        )
    if at is None:
        foreign = sorted(set(sa.inspect(connection).get_table_names()) & set(METADATA.tables))
        if foreign:
            raise SchemaRefused(
                f"The database {name} already has a table {foreign[0]!r} that is not Sightline's."
                " Give Sightline a database of its own with control.url."
            )
    if at is None or known.index(at) < known.index(target):
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, target)
        return target
    return at


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
