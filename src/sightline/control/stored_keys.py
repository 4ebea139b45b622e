"""The part of control that keeps keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from sightline.control import keys, names, origins, rows
from sightline.control.errors import InvalidValue, NotFound
from sightline.control.schema import API_KEYS
from sightline.control.session import SYSTEM, Session, existing_project
from sightline.records.access import ApiKey, PublicTerms, Scope

USE_INTERVAL = timedelta(minutes=1)
"""A key's `last_used_at` is at most this much behind."""


class StoredKeys(Session):
    """Keys by their hash."""

    def create_key(
        self,
        project: str,
        scope: Scope | str,
        label: str = "",
        *,
        origins: Iterable[str] = (),
        limits: Mapping[str, object] | None = None,
        by: str = SYSTEM,
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which is nowhere kept and cannot be had again, except of a public key.

        `origins` and `limits` (by the names of `PublicLimits`) are for a public key, and for no other.
        """
        scope, label = names.scope(scope), names.line("key's label", label)
        terms = _terms(scope, origins, limits or {})
        new = keys.make(scope, self._draw)
        text = new.text if terms else ""
        key = ApiKey(new.id, project, scope, label, self._now(), None, None, terms, text)
        detail: dict[str, object] = {"scope": scope.value, "label": label}
        with self._writing() as db:
            existing_project(db, project)
            values: dict[str, object] = {"id": new.id, "project": project, "scope": scope.value}
            values |= {"label": label, "digest": new.digest, "created_at": key.created_at}
            if terms:
                values |= {"terms": rows.from_terms(terms), "text": text}
                detail |= rows.from_terms(terms)
            db.execute(API_KEYS.insert().values(**values))
            self._note(db, by, "key.create", project, new.id, detail)
        self._key_changes += 1
        return key, new.text

    def change_public_key(
        self,
        key_id: str,
        *,
        label: str | None = None,
        origins: Iterable[str] | None = None,
        limits: Mapping[str, object] | None = None,
        project: str | None = None,
        by: str = SYSTEM,
    ) -> ApiKey:
        """Change what binds a public key; what is None, and limits not named, stay as they are.

        Raises InvalidValue, also for a key that is not public, and NotFound. With `project` only a key of it.
        """
        with self._writing() as db:
            before = _held(db, key_id, project)
            if before.terms is None:
                raise InvalidValue(
                    f"The key {key_id} is of scope {before.scope}; only public keys have origins and limits."
                )
            terms = PublicTerms(
                before.terms.origins if origins is None else _origins(origins),
                names.public_limits(limits or {}, before.terms.limits),
            )
            label = before.label if label is None else names.line("key's label", label)
            changed = replace(before, label=label, terms=terms)
            if changed != before:
                values = {"label": label, "terms": rows.from_terms(terms)}
                db.execute(API_KEYS.update().where(API_KEYS.c.id == key_id).values(**values))
                detail = {"label": label, **rows.from_terms(terms)}
                self._note(db, by, "key.change", before.project, key_id, detail)
        self._key_changes += 1
        return changed

    def public_origins(self) -> frozenset[str]:
        """The origins of all public keys that are not revoked, in every project."""
        found = sa.select(API_KEYS.c.terms).where(
            API_KEYS.c.scope == Scope.PUBLIC.value, API_KEYS.c.revoked_at.is_(None)
        )
        with self._reading() as db:
            return frozenset(o for (kept,) in db.execute(found) for o in kept["origins"])

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
            revoked = _held(db, key_id, project)
            if revoked.revoked_at is None:
                revoked = replace(revoked, revoked_at=self._now())
                one = API_KEYS.c.id == key_id
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


def _held(db: sa.Connection, key_id: str, project: str | None) -> ApiKey:
    """A key, held until the end of the transaction: of two who change it at once the second sees what the
    first did. Raises NotFound."""
    found = sa.select(API_KEYS).where(API_KEYS.c.id == key_id).with_for_update()
    # No id holds a NUL, which Postgres could not even compare.
    row = db.execute(found).mappings().first() if key_id.isalnum() else None
    if row is None or project not in (None, row["project"]):
        raise NotFound(f"There is no key {key_id[:80]!r}; list them with: sightline keys list")
    return rows.to_key(row)


def _origins(texts: Iterable[str]) -> tuple[str, ...]:
    return origins.all_written(texts)


def _terms(scope: Scope, wanted: Iterable[str], limits: Mapping[str, object]) -> PublicTerms | None:
    if scope is Scope.PUBLIC:
        return PublicTerms(_origins(wanted), names.public_limits(limits))
    if limits or any(text.strip() for text in wanted):
        raise InvalidValue(f"Origins and limits bind public keys, and this one is of scope {scope}.")
    return None
