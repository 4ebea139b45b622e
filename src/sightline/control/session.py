"""What every part of control stands on: the engine, transactions, the clock, and the audit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from sightline.control import keys, ledger, names, rows
from sightline.control.database import named_failures, open_engine, parse_url, shown
from sightline.control.errors import NotFound
from sightline.control.passwords import Passwords
from sightline.control.schema import PROJECTS
from sightline.records.access import AuditEntry, Project

SYSTEM = "system"
"""The actor of what nobody asked for by name."""


class Session:
    """An open control database; the parts of `Control` inherit it.

    `url` as in `database.parse_url`; `clock` gives nanoseconds since the epoch; `draw` makes keys and
    tokens; `passwords` hashes.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], int] = time.time_ns,
        draw: keys.Draw = keys.draw_at_random,
        passwords: Passwords | None = None,
    ) -> None:
        self._url = parse_url(url)
        self._engine = open_engine(self._url)
        self._writer = self._engine.execution_options(writes=True)
        self._insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        self._clock = clock
        self._draw = draw
        self._given_passwords = passwords
        self._key_changes = 0

    def __repr__(self) -> str:
        return f"Control({shown(self._url)})"

    def close(self) -> None:
        """Give up the connections."""
        self._engine.dispose()

    @cached_property
    def _passwords(self) -> Passwords:
        # Made when first needed: it hashes once, and most commands never ask.
        return self._given_passwords or Passwords()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock() / 1e9, UTC)

    def _note(
        self,
        db: sa.Connection,
        by: str,
        action: str,
        project: str | None,
        subject: str,
        detail: Mapping[str, Any],
    ) -> None:
        ledger.append_audit(db, AuditEntry(0, self._now(), by, action, project, subject, detail))

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with named_failures(self._url), self._engine.connect() as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with named_failures(self._url), self._writer.begin() as db:
            yield db


def find_project(db: sa.Connection, name: str, *, hold: bool = False) -> Project | None:
    """One project; None for a name that does not exist or cannot. `hold`: nobody changes it meanwhile."""
    if not names.PROJECT.fullmatch(name):
        return None
    found = sa.select(PROJECTS).where(PROJECTS.c.name == name)
    row = db.execute(found.with_for_update() if hold else found).mappings().first()
    return None if row is None else rows.to_project(row)


def existing_project(db: sa.Connection, name: str, *, hold: bool = False) -> Project:
    """One project. Raises NotFound with the nearest name, or how to make it."""
    project = find_project(db, name, hold=hold)
    if project is not None:
        return project
    known = list(db.execute(sa.select(PROJECTS.c.name).order_by(PROJECTS.c.name)).scalars())
    near = get_close_matches(name, known, n=1)
    if near:
        guess = f"Did you mean {near[0]!r}?"
    elif names.PROJECT.fullmatch(name):
        guess = f"Make it with: sightline projects create {name}"
    else:
        guess = "List them with: sightline projects list"
    raise NotFound(f"There is no project {name[:80]!r}. {guess}")
