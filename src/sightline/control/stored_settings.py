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

    def remember(self, project: str, key: str, value: dict[str, Any], before: int | None) -> bool:
        """Keep what the program counted, as a setting that nobody set: without an entry in the audit.

        `value` has a `version`; `before` is the one it follows, None for the first. False, and nothing is
        kept, when another process was faster.
        """
        names.setting_key(key)
        with self._writing() as db:
            existing_project(db, project, hold=True)
            row = db.execute(sa.select(SETTINGS.c.value).where(_setting(project, key))).first()
            if (row[0]["version"] if row else None) != before:
                return False
            now = self._now()
            if row is None:
                db.execute(SETTINGS.insert().values(project=project, key=key, value=value, updated_at=now))
            else:
                kept = SETTINGS.update().where(_setting(project, key))
                db.execute(kept.values(value=value, updated_at=now))
            return True

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
