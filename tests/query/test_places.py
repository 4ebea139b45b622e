"""Places of a project by what is typed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sightline.query import places as module
from sightline.query.places import places
from sightline.records.places import Places
from sightline.store.rows import QueryTimeout
from sightline.store.store import Store

NOW = 2**62


def found(store: Store, project: str, text: str, now: int | None = None) -> Places:
    latest = store.query("SELECT toUnixTimestamp64Nano(max(start_time)) FROM sightline.spans").scalar()
    return asyncio.run(places(store, project, text, now or int(latest) + 1))


def one(store: Store, column: str) -> tuple[str, str]:
    """A project, and a value of this column in it."""
    rows = store.query(
        f"SELECT toString(project), toString({column}) FROM sightline.spans"
        f" WHERE length(ifNull(toString({column}), '')) > 2 ORDER BY start_time DESC LIMIT 1"
    ).rows
    return str(rows[0][0]), str(rows[0][1])


@pytest.mark.parametrize(
    ("column", "kind"), [("session_id", "sessions"), ("user_id", "users"), ("response_model", "models")]
)
def test_names_are_found_by_any_part_in_any_case(told_store: Store, column: str, kind: str) -> None:
    project, value = one(told_store, column)
    for text in (value, value.upper(), value[1:], f" {value} "):
        assert value in getattr(found(told_store, project, text), kind), text
    assert found(told_store, "nobody", value) == Places()


def test_a_trace_is_found_by_the_beginning_of_its_id(told_store: Store) -> None:
    project, trace = one(told_store, "trace_id")
    assert trace in found(told_store, project, trace[:8]).traces
    assert found(told_store, project, trace.upper()).traces == (trace,)
    assert found(told_store, project, trace[:7]).traces == ()
    assert found(told_store, "nobody", trace).traces == ()


def test_what_is_older_or_too_short_is_not_looked_for(told_store: Store) -> None:
    project, value = one(told_store, "user_id")
    assert found(told_store, project, value[:1]) == Places()
    assert found(told_store, project, value, NOW) == Places()


def test_what_takes_too_long_is_left_out_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        async def fetch(self, *_: Any, **__: Any) -> None:
            raise QueryTimeout("too long")

    slow: Any = Slow()
    assert asyncio.run(places(slow, "p", "abcdef12", NOW)) == Places(cut=True)
    assert module.MOST > 1
