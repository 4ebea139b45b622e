"""Rows of the store as sessions, turns and users. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.query.trace_rows import tokens
from sightline.records.figures import Figure
from sightline.records.sessions import SessionSummary, Several, TurnFigures, UserSummary

SHOWN = 5
"""How many different users, models and the like are named."""


def several(values: Sequence[str]) -> Several:
    """Different values by name; as many as are shown."""
    return Several(tuple(sorted(values)[:SHOWN]), len(values))


def summary(
    row: Mapping[str, Any], said: Mapping[str, str], estimates: Mapping[str, Figure]
) -> SessionSummary:
    """A session from a row of `session_summaries.sql`; `said` are previews by hash."""
    return SessionSummary(
        session_id=row["session_id"],
        first=row["first"],
        last=row["last"],
        duration_ns=row["ended"] - row["first"],
        turns=row["turns"],
        failed_turns=row["failed_turns"],
        spans=row["spans"],
        errors=row["errors"],
        calls=row["calls"],
        tokens=tokens(row),
        cost_usd=row["cost_usd"],
        unknown_cost=row["unknown_cost"],
        unknown_tokens=row["unknown_tokens"],
        users=several(row["users"]),
        models=several(row["models"]),
        environments=several(row["environments"]),
        releases=several(row["releases"]),
        question=said.get(row["question"].lower(), ""),
        answer=said.get(row["answer"].lower(), ""),
        estimates=estimates,
    )


def turn(row: Mapping[str, Any]) -> TurnFigures:
    """A turn from a row of `session_turns.sql`."""
    first_token = row["first_token_at"]
    name, said = row["failure"]
    failure = f"{name}: {said}" if said and name else said or name
    return TurnFigures(
        trace_id=row["trace_id"],
        name=row["name"],
        start_time=row["began"],
        duration_ns=row["ended"] - row["began"],
        time_to_first_token_ns=first_token - row["began"] if first_token else None,
        root_failed=bool(row["root_failed"]),
        failure=failure or ("a step without a name failed" if row["errors"] else ""),
        spans=row["spans"],
        errors=row["errors"],
        calls=row["calls"],
        tools=row["tools"],
        model=row["model"] or "",
        models=row["models"],
        tokens=tokens(row),
        cost_usd=row["cost_usd"],
        unknown_cost=row["unknown_cost"],
        unknown_tokens=row["unknown_tokens"],
        user_id=row["user_id"],
        environment=row["environment"],
        release=row["release"],
        weight=row["weight"],
        sample_reason=row["sample_reason"],
    )


def user(row: Mapping[str, Any], estimates: Mapping[str, Figure]) -> UserSummary:
    """A user from a row of `users.figures`."""
    return UserSummary(
        user_id=row["id"],
        requests=row["requests"],
        failed=row["failed"],
        sessions=row["sessions"],
        spans=row["spans"],
        tokens=tokens(row),
        cost_usd=row["cost_usd"],
        unknown_cost=row["unknown_cost"],
        unknown_tokens=row["unknown_tokens"],
        p95_ns=int(row["p95"]) if row["topmost"] else None,
        first=row["first"],
        last=row["last"],
        features=several(row["features"]),
        models=several(row["models"]),
        estimates=estimates,
    )
