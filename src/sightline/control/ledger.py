"""What is only ever appended to: own prices, and the audit. Works on a connection it is given."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from sightline.control import rows
from sightline.control.schema import AUDIT, PRICES
from sightline.records.access import AuditEntry, PriceEntry

MAX_PAGE = 1000


def append_price(db: sa.Connection, entry: PriceEntry) -> PriceEntry:
    """Write an entry; its `version` is the database's next."""
    new = PRICES.insert().values(
        project=entry.project,
        provider=entry.provider,
        model=entry.model,
        valid_from=entry.valid_from,
        rates=None if entry.rates is None else dict(entry.rates),
        note=entry.note,
        entered_by=entry.entered_by,
        entered_at=entry.entered_at,
    )
    return replace(entry, version=db.execute(new.returning(PRICES.c.version)).scalar_one())


def read_prices(db: sa.Connection, *, history: bool) -> list[PriceEntry]:
    """Entries by version: all of them, or those in force."""
    entries = [rows.to_price(r) for r in db.execute(sa.select(PRICES).order_by(PRICES.c.version)).mappings()]
    return entries if history else in_force(entries)


def in_force(entries: list[PriceEntry]) -> list[PriceEntry]:
    """Of each project, provider, model and date the newest entry, unless that is a withdrawal."""
    newest: dict[object, PriceEntry] = {}
    for entry in sorted(entries, key=lambda e: e.version):
        newest[(entry.project, entry.provider, entry.model, entry.valid_from)] = entry
    kept = (entry for entry in newest.values() if entry.rates is not None)
    return sorted(kept, key=lambda e: e.version)


def price_version(db: sa.Connection) -> int:
    """The newest version, 0 without any."""
    return int(db.execute(sa.select(sa.func.coalesce(sa.func.max(PRICES.c.version), 0))).scalar_one())


def append_audit(db: sa.Connection, entry: AuditEntry) -> None:
    """Write an entry; its `id` is the database's next."""
    values = {
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "project": entry.project,
        "subject": entry.subject,
        "detail": dict(entry.detail),
    }
    db.execute(AUDIT.insert().values(**values))


def read_audit(
    db: sa.Connection, project: str | None, limit: int, before: int | None, actor: str | None = None
) -> list[AuditEntry]:
    """Newest first, at most 1,000; `project` None: of all, and what belongs to none; `actor` None: anyone."""
    found = sa.select(AUDIT).order_by(AUDIT.c.id.desc()).limit(max(1, min(limit, MAX_PAGE)))
    if project is not None:
        found = found.where(AUDIT.c.project == project)
    if actor is not None:
        found = found.where(AUDIT.c.actor == actor)
    if before is not None:
        found = found.where(AUDIT.c.id < before)
    return [rows.to_audit_entry(r) for r in db.execute(found).mappings()]


def read_actors(db: sa.Connection, project: str | None) -> list[str]:
    """Who did something, by name, at most 1,000; `project` as in `read_audit`."""
    found = sa.select(AUDIT.c.actor).distinct().order_by(AUDIT.c.actor).limit(MAX_PAGE)
    if project is not None:
        found = found.where(AUDIT.c.project == project)
    return list(db.execute(found).scalars())
