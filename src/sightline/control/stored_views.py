"""The part of control that keeps saved views: of one person, or of everyone in a project."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa

from sightline.control import names
from sightline.control.errors import InvalidValue, NotFound
from sightline.control.schema import VIEWS
from sightline.control.session import SYSTEM, Session, existing_project
from sightline.records.views import SavedView

MOST_VIEWS = 500
MOST_QUERY = 8_000
_PAGE = re.compile(r"[a-z][a-z0-9-]{0,30}")


class StoredViews(Session):
    """Saved views. `owner` is a person's id; None stands for everyone in the project."""

    def views(self, project: str, owner: str | None) -> list[SavedView]:
        """What everyone in the project has and, where `owner` is a person, what is theirs; by name."""
        mine: sa.ColumnElement[bool] = VIEWS.c.owner.is_(None)
        if owner is not None:
            mine = sa.or_(mine, VIEWS.c.owner == owner)
        found = sa.select(VIEWS).where(VIEWS.c.project == project, mine)
        with self._reading() as db:
            rows = [_view(row._mapping) for row in db.execute(found)]
        return sorted(rows, key=lambda view: (view.name.lower(), view.id))

    def view(self, project: str, view_id: str) -> SavedView:
        """One view of a project. Raises NotFound."""
        with self._reading() as db:
            return _one(db, project, view_id)

    def save_view(
        self,
        project: str,
        name: str,
        page: str,
        query: str,
        owner: str | None,
        *,
        by: str = SYSTEM,
    ) -> SavedView:
        """Keep a view under a name, which may be taken. Raises InvalidValue, NotFound."""
        name = names.line("name", name, required=True)
        if not _PAGE.fullmatch(page):
            raise InvalidValue(f"The page {page[:40]!r} is none; expected one such as 'traces'.")
        view = SavedView(uuid.uuid4().hex[:16], project, name, page, _query(query), owner, self._now())
        with self._writing() as db:
            existing_project(db, project, hold=True)
            there = sa.select(sa.func.count()).select_from(VIEWS).where(VIEWS.c.project == project)
            if db.execute(there).scalar_one() >= MOST_VIEWS:
                raise InvalidValue(f"Project {project} has {MOST_VIEWS} saved views; delete one first.")
            values = {field: getattr(view, field) for field in view.__slots__}
            db.execute(VIEWS.insert().values(**values))
            self._note(db, by, "view.save", project, name, {"view": view.id, "shared": owner is None})
        return view

    def rename_view(self, project: str, view_id: str, name: str, *, by: str = SYSTEM) -> SavedView:
        """Give a view another name. Raises InvalidValue, NotFound."""
        return self._change(project, view_id, {"name": names.line("name", name, required=True)}, "rename", by)

    def share_view(self, project: str, view_id: str, *, by: str = SYSTEM) -> SavedView:
        """Show a view to everyone in the project. Raises NotFound."""
        return self._change(project, view_id, {"owner": None}, "share", by)

    def delete_view(self, project: str, view_id: str, *, by: str = SYSTEM) -> None:
        """Forget a view. Raises NotFound."""
        with self._writing() as db:
            view = _one(db, project, view_id)
            db.execute(VIEWS.delete().where(VIEWS.c.id == view.id))
            self._note(db, by, "view.delete", project, view.name, {"view": view.id, "query": view.query})

    def _change(
        self, project: str, view_id: str, values: Mapping[str, Any], action: str, by: str
    ) -> SavedView:
        with self._writing() as db:
            view = _one(db, project, view_id)
            db.execute(VIEWS.update().where(VIEWS.c.id == view.id).values(**values))
            self._note(db, by, f"view.{action}", project, view.name, {"view": view.id, **values})
            return _one(db, project, view_id)


def _query(text: str) -> str:
    """A query string that can be read again."""
    if len(text) > MOST_QUERY:
        raise InvalidValue(f"The view has {len(text)} characters; at most {MOST_QUERY} are kept.")
    try:
        parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=50)
    except ValueError as error:
        raise InvalidValue(f"The view's address cannot be read: {error}.") from error
    if not text.isprintable():
        raise InvalidValue("The view's address holds control characters.")
    return text


def _one(db: sa.Connection, project: str, view_id: str) -> SavedView:
    found = sa.select(VIEWS).where(VIEWS.c.project == project, VIEWS.c.id == view_id)
    row = db.execute(found).first()
    if row is None:
        raise NotFound(f"There is no saved view {view_id[:40]!r} in project {project}.")
    return _view(row._mapping)


def _view(row: Mapping[Any, Any]) -> SavedView:
    return SavedView(
        row["id"], row["project"], row["name"], row["page"], row["query"], row["owner"], row["created_at"]
    )
