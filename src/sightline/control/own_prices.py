"""The part of control that keeps prices and contracts of one's own, and shows the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sightline.control import ledger, names
from sightline.control.errors import InvalidValue, NotFound
from sightline.control.session import SYSTEM, Session, existing_project
from sightline.records.access import AuditEntry, PriceEntry


class OwnPrices(Session):
    """Own prices, which are only ever appended to, and the record of every change."""

    def add_price(
        self,
        provider: str,
        model: str,
        valid_from: date,
        rates: Mapping[str, Any],
        *,
        project: str | None = None,
        note: str = "",
        by: str = SYSTEM,
    ) -> PriceEntry:
        """Append a price; it supersedes earlier entries of the same project, provider, model and date."""
        return self._enter_price(provider, model, valid_from, names.rates(rates), project, note, by)

    def withdraw_price(self, version: int, *, note: str = "", by: str = SYSTEM) -> PriceEntry:
        """Append an entry that takes back the one of this version. Raises NotFound."""
        with self._reading() as db:
            old = next((p for p in ledger.read_prices(db, history=True) if p.version == version), None)
        if old is None:
            raise NotFound(f"There is no price of version {version}.")
        return self._enter_price(old.provider, old.model, old.valid_from, None, old.project, note, by)

    def _enter_price(
        self,
        provider: str,
        model: str,
        valid_from: date,
        rates: Mapping[str, Any] | None,
        project: str | None,
        note: str,
        by: str,
    ) -> PriceEntry:
        if not isinstance(valid_from, date) or isinstance(valid_from, datetime):
            raise InvalidValue(f"valid_from is {valid_from!r}; expected a date such as 2026-11-01.")
        provider = names.line("provider", provider, required=True)
        model = names.line("model", model, required=True)
        entry = PriceEntry(
            0, project, provider, model, valid_from, rates, names.line("note", note), by, self._now()
        )
        with self._writing() as db:
            if project is not None:
                existing_project(db, project)
            entry = ledger.append_price(db, entry)
            action = "price.add" if rates is not None else "price.withdraw"
            detail = {"version": entry.version, "valid_from": valid_from.isoformat(), "rates": rates}
            self._note(db, by, action, project, f"{provider}/{model}", detail)
        return entry

    def prices(self, *, history: bool = False) -> list[PriceEntry]:
        """The entries in force by version; with `history` also the superseded and withdrawn ones."""
        with self._reading() as db:
            return ledger.read_prices(db, history=history)

    def price_version(self) -> int:
        """The newest entry's version, 0 without any: a cheap way to see that prices changed."""
        with self._reading() as db:
            return ledger.price_version(db)

    def audit(
        self,
        project: str | None = None,
        *,
        limit: int = 100,
        before: int | None = None,
        actor: str | None = None,
    ) -> list[AuditEntry]:
        """Who did what, newest first; `before` is the id of the last entry seen, for the next page."""
        with self._reading() as db:
            return ledger.read_audit(db, project, limit, before, actor)

    def actors(self, project: str | None = None) -> list[str]:
        """Everyone the audit names."""
        with self._reading() as db:
            return ledger.read_actors(db, project)
