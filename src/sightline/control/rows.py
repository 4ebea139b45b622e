"""Rows to records. The other direction is the column list of each statement in `control.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from sightline.records.access import (
    ApiKey,
    AuditEntry,
    Environment,
    PriceEntry,
    Project,
    PublicLimits,
    PublicTerms,
    Scope,
)

Row = Mapping[Any, Any]


def to_project(row: Row) -> Project:
    """A row of `projects`."""
    return Project(row["name"], row["created_at"], row["retention_days"], row["content_days"])


def to_environment(row: Row) -> Environment:
    """A row of `environments`."""
    return Environment(row["project"], row["name"], row["description"], row["created_at"])


def to_key(row: Row) -> ApiKey:
    """A row of `api_keys`, without the digest."""
    return ApiKey(
        row["id"],
        row["project"],
        Scope(row["scope"]),
        row["label"],
        row["created_at"],
        row["last_used_at"],
        row["revoked_at"],
        to_terms(row["terms"]),
        row["text"] or "",
    )


def to_terms(kept: Mapping[str, Any] | None) -> PublicTerms | None:
    """What binds a public key, from JSON; limits that a later Sightline added are left out."""
    if kept is None:
        return None
    known = {f.name: kept[f.name] for f in fields(PublicLimits) if f.name in kept}
    return PublicTerms(tuple(kept["origins"]), PublicLimits(**known))


def from_terms(terms: PublicTerms) -> dict[str, Any]:
    """The same as JSON."""
    return {"origins": list(terms.origins), **asdict(terms.limits)}


def to_price(row: Row) -> PriceEntry:
    """A row of `prices`."""
    return PriceEntry(
        row["version"],
        row["project"],
        row["provider"],
        row["model"],
        row["valid_from"],
        row["rates"],
        row["note"],
        row["entered_by"],
        row["entered_at"],
    )


def to_audit_entry(row: Row) -> AuditEntry:
    """A row of `audit`."""
    return AuditEntry(
        row["id"], row["at"], row["actor"], row["action"], row["project"], row["subject"], row["detail"]
    )
