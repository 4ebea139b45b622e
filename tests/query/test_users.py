"""Users of a window: their figures add up, agree with the list of traces, and can be walked."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.query import users
from sightline.query.cursors import Cursor
from sightline.query.filter.spelling import condition
from sightline.query.selection import Target, count, select
from sightline.query.traces import BadCursor
from sightline.query.window import Window
from sightline.records.sessions import UserPage
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_sessions as story
import pages_story

NOW = pages_story.NOW
WINDOW = Window(story.PROJECT, NOW - 24 * story.HOUR, NOW)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = Store(embedded_url(tmp_path_factory.mktemp("users")), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    told = pages_story.Told()
    story.everything(told, 40)
    pages_story.store(told, writer)
    yield found
    writer.close()
    found.close()


def asked(store: Store, text: str = "", window: Window = WINDOW, **more: object) -> UserPage:
    selection = select(text, window, NOW, Target.TRACES)
    return asyncio.run(users.users(store, selection, **more))  # type: ignore[arg-type]


def test_users_and_those_without_one(store: Store) -> None:
    page = asked(store, limit=100)
    assert page.next is None and page.users[-1].user_id == ""
    assert {u.user_id for u in page.users} == {"", "u_anna", *story.HOSTILE}
    anna = next(u for u in page.users if u.user_id == "u_anna")
    assert (anna.requests, anna.failed, anna.sessions, anna.spans) == (4, 1, 1, 13)
    assert (anna.tokens.input, anna.tokens.output, anna.unknown_tokens) == (480, 90, 1)
    assert anna.cost_usd == pytest.approx(0.0012) and anna.unknown_cost == 1
    assert anna.p95_ns == 2 * 10**9 and anna.features.some == ("shop",) and anna.models.count == 1
    assert page.users[-1].requests == 40


@pytest.mark.parametrize("sort", [f"{way}{name}" for name in users.ORDERS for way in ("", "-")])
def test_every_order_can_be_walked(store: Store, sort: str) -> None:
    whole = [u.user_id for u in asked(store, sort=sort, limit=100).users]
    for limit in (1, 5):
        walked, cursor = [], None
        while True:
            page = asked(store, sort=sort, limit=limit, cursor=cursor)
            walked += [u.user_id for u in page.users if u.user_id]
            cursor = page.next
            if cursor is None:
                break
        assert [*walked, ""] == whole


@pytest.mark.parametrize(
    "text", ["", "error", "feature:shop", "llm output>20", "tool", "cost>0.00001", "-has:feature"]
)
def test_counts_agree_with_the_list_of_traces(store: Store, text: str) -> None:
    for found in asked(store, text, limit=100).users:
        own = condition("user", found.user_id) if found.user_id else "-has:user"
        for more, expected in ((own, found.requests), (f"{own} error", found.failed)):
            selection = select(f"({text}) {more}" if text else more, WINDOW, NOW, Target.TRACES)
            assert asyncio.run(count(store, selection)) == expected, (found.user_id, more)


def test_one_user(store: Store) -> None:
    selection = select(condition("user", "u_anna"), WINDOW, NOW, Target.TRACES)
    found = asyncio.run(users.one(store, selection, "u_anna"))
    assert found and found.requests == 4
    assert asyncio.run(users.one(store, selection, "nobody")) is None


def test_other_projects_users_are_not_there(store: Store) -> None:
    other = asked(store, window=Window(story.OTHER, WINDOW.since, WINDOW.until))
    assert [(u.user_id, u.requests) for u in other.users] == [("u_anna", 1)]


def test_a_foreign_cursor_is_named(store: Store) -> None:
    with pytest.raises(BadCursor):
        asked(store, cursor="-last.1.2.3.4.5")


@pytest.mark.parametrize(
    ("name", "text"), [("everyone", ""), ("of_a_team", "team:red"), ("with_errors", "error")]
)
def test_the_statements(name: str, text: str) -> None:
    window = Window("helpdesk", NOW - 24 * story.HOUR, NOW)
    chosen = select(text, window, NOW, Target.TRACES)
    after = Cursor("-cost", 10, 20, 30, 15, 7) if name == "of_a_team" else None
    ranked = users.ranking(chosen, window, 51, "-cost", 30, after)
    found = f"{ranked.text}\n---\n{users.figures(chosen, window, ['alice', ''], 30).text}\n"
    path = Path(__file__).parent / "golden" / "sessions" / f"users_{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found)
    assert found == path.read_text()
