"""The part of control that keeps keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from sightline.control import keys, names, rows
from sightline.control.errors import NotFound
from sightline.control.schema import API_KEYS
from sightline.control.session import SYSTEM, Session, existing_project
from sightline.records.access import ApiKey, Scope

USE_INTERVAL = timedelta(minutes=1)
"""A key's `last_used_at` is at most this much behind."""


class StoredKeys(Session):
    """Keys by their hash."""

    def create_key(
        self, project: str, scope: Scope | str, label: str = "", *, by: str = SYSTEM
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which is nowhere kept and cannot be had again."""
        scope, label = names.scope(scope), names.line("key's label", label)
        new = keys.make(scope, self._draw)
        key = ApiKey(new.id, project, scope, label, self._now(), None, None)
        with self._writing() as db:
            existing_project(db, project)
            values = {"id": new.id, "project": project, "scope": scope.value, "label": label}
            db.execute(API_KEYS.insert().values(**values, digest=new.digest, created_at=key.created_at))
            self._note(db, by, "key.create", project, new.id, {"scope": scope.value, "label": label})
        self._key_changes += 1
        return key, new.text

    def keys(self, project: str | None = None) -> list[ApiKey]:
        """The keys of one project or of all, oldest first, revoked ones too."""
        found = sa.select(API_KEYS).order_by(API_KEYS.c.created_at, API_KEYS.c.id)
        if project is not None:
            found = found.where(API_KEYS.c.project == project)
        with self._reading() as db:
            return [rows.to_key(r) for r in db.execute(found).mappings()]

    def find_key(self, secret: str, *, also_revoked: bool = False) -> ApiKey | None:
        """The key with this text; None for anything else, and for a revoked key unless asked for."""
        key_id = keys.id_of(secret)
        if key_id is None:
            return None
        with self._reading() as db:
            row = db.execute(sa.select(API_KEYS).where(API_KEYS.c.id == key_id)).mappings().first()
        if row is None or not keys.matches(secret, row["digest"]):
            return None
        key = rows.to_key(row)
        return key if key.revoked_at is None or also_revoked else None

    def revoke_key(self, key_id: str, *, project: str | None = None, by: str = SYSTEM) -> ApiKey:
        """End a key for good; a second time changes nothing. With `project` only a key of that project.

        Raises NotFound.
        """
        with self._writing() as db:
            one = API_KEYS.c.id == key_id
            # Held, so that of two who revoke at once the first one's time counts. No id holds a NUL,
            # which Postgres could not even compare.
            found = sa.select(API_KEYS).where(one).with_for_update()
            row = db.execute(found).mappings().first() if key_id.isalnum() else None
            if row is None or project not in (None, row["project"]):
                raise NotFound(f"There is no key {key_id[:80]!r}; list them with: sightline keys list")
            revoked = rows.to_key(row)
            if revoked.revoked_at is None:
                revoked = replace(revoked, revoked_at=self._now())
                db.execute(API_KEYS.update().where(one).values(revoked_at=revoked.revoked_at))
                self._note(db, by, "key.revoke", revoked.project, key_id, {"label": revoked.label})
        self._key_changes += 1
        return revoked

    def has_keys(self) -> bool:
        """Whether a key was ever made. Revoked ones count: revoking the last key must not open the door."""
        with self._reading() as db:
            return db.execute(sa.select(API_KEYS.c.id).limit(1)).first() is not None

    @property
    def key_changes(self) -> int:
        """Grows when this process makes or revokes a key, or changes people or ends their sessions, so that
        caches in it can be thrown away at once."""
        return self._key_changes

    def note_use(self, key_ids: Iterable[str]) -> None:
        """Set `last_used_at` of keys to now, unless that was done within the last minute."""
        now = self._now()
        stale = sa.or_(API_KEYS.c.last_used_at.is_(None), API_KEYS.c.last_used_at <= now - USE_INTERVAL)
        change = API_KEYS.update().where(API_KEYS.c.id.in_(sorted(key_ids)), stale).values(last_used_at=now)
        with self._writing() as db:
            db.execute(change)
