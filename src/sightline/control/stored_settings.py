"""The part of control that keeps settings: JSON values by key, of one project or of all."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sightline.control import names
from sightline.control.schema import SETTINGS
from sightline.control.session import SYSTEM, Session, existing_project


class StoredSettings(Session):
    """What people set while Sightline runs."""

    def setting(self, project: str | None, key: str, default: Any = None) -> Any:
        """A value as it was set for this project, or for everything where `project` is None."""
        with self._reading() as db:
            row = db.execute(sa.select(SETTINGS.c.value).where(_setting(project, key))).first()
            return default if row is None else row[0]

    def settings(self, project: str | None) -> dict[str, Any]:
        """All that is set for a project, or for everything where `project` is None."""
        found = sa.select(SETTINGS.c.key, SETTINGS.c.value).where(_owned(project)).order_by(SETTINGS.c.key)
        with self._reading() as db:
            return {row.key: row.value for row in db.execute(found)}

    def set_setting(self, project: str | None, key: str, value: Any, *, by: str = SYSTEM) -> None:
        """Set a value: anything JSON can hold, null too."""
        names.json_value(f"setting {names.setting_key(key)!r}", value)
        now = self._now()
        index = [SETTINGS.c.key] if project is None else [SETTINGS.c.project, SETTINGS.c.key]
        new = self._insert(SETTINGS).values(project=project, key=key, value=value, updated_at=now)
        new = new.on_conflict_do_update(
            index_elements=index, index_where=_has_project(project), set_={"value": value, "updated_at": now}
        )
        with self._writing() as db:
            if project is not None:
                existing_project(db, project)
            db.execute(new)
            self._note(db, by, "setting.set", project, key, {"value": value})

    def remove_setting(self, project: str | None, key: str, *, by: str = SYSTEM) -> None:
        """Back to what holds without it; no error when it was not set."""
        with self._writing() as db:
            if db.execute(SETTINGS.delete().where(_setting(project, key))).rowcount:
                self._note(db, by, "setting.remove", project, key, {})


def _owned(project: str | None) -> sa.ColumnElement[bool]:
    return SETTINGS.c.project.is_(None) if project is None else SETTINGS.c.project == project


def _has_project(project: str | None) -> sa.ColumnElement[bool]:
    return SETTINGS.c.project.is_(None) if project is None else SETTINGS.c.project.is_not(None)


def _setting(project: str | None, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(_owned(project), SETTINGS.c.key == key)
