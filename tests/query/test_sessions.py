"""Sessions of a window, and one session as it was said, on a real store."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.query import session_texts, sessions
from sightline.query.cursors import Cursor
from sightline.query.filter.spelling import condition
from sightline.query.listing_order import BadSort
from sightline.query.selection import Selection, select_sessions
from sightline.query.traces import BadCursor
from sightline.query.window import Window
from sightline.records.conversation import Message, Text
from sightline.records.sessions import SessionPage
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Connection, Store, embedded_url

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_sessions as story
import pages_story

NOW, HOUR = pages_story.NOW, story.HOUR
WINDOW = Window(story.PROJECT, NOW - 24 * HOUR, NOW)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Connection]]:
    store = Store(embedded_url(tmp_path_factory.mktemp("sessions")), StoreSettings())
    writer = store.writer()
    schema.migrate(writer)
    told = pages_story.Told()
    story.everything(told)
    pages_story.store(told, writer)
    yield store, writer
    writer.close()
    store.close()


@pytest.fixture
def store(writer: tuple[Store, Connection]) -> Store:
    return writer[0]


def chosen(text: str = "", window: Window = WINDOW, environment: str = "") -> Selection:
    return select_sessions(text, window, NOW, environment)


def asked(store: Store, text: str = "", **more: object) -> SessionPage:
    return asyncio.run(sessions.sessions(store, chosen(text), **more))  # type: ignore[arg-type]


def ids(store: Store, text: str) -> set[str]:
    return {s.session_id for s in asked(store, text, limit=200).sessions}


def words(messages: tuple[Message, ...]) -> list[str]:
    return [p.text for m in messages for p in m.parts if isinstance(p, Text)]


def test_a_session_adds_up_its_spans(store: Store) -> None:
    [found] = asked(store, condition("session", story.CHAT)).sessions
    assert (found.turns, found.failed_turns, found.spans, found.errors, found.calls) == (4, 1, 13, 2, 4)
    # What the agent repeats of its calls is in no sum.
    assert (found.tokens.input, found.tokens.output) == (480, 90)
    assert found.cost_usd == pytest.approx(0.0012) and found.unknown_cost == found.unknown_tokens == 1
    assert found.users.some == ("u_anna",) and found.releases.some == ("4.7.0", "4.8.0")
    assert found.question == story.SAID[0][0] and found.answer == story.SAID[3][1]
    assert found.duration_ns == 3 * HOUR + 182 * 10**9
    assert found.last - found.first == 3 * HOUR + 180 * 10**9 + 10**8


@pytest.mark.parametrize("sort", [f"{way}{name}" for name in sessions.ORDERS for way in ("", "-")])
def test_every_order_can_be_walked(store: Store, sort: str) -> None:
    whole = [s.session_id for s in asked(store, sort=sort, limit=200).sessions]
    assert len(whole) == len(set(whole)) == 2 + len(story.HOSTILE)
    for limit in (1, 4):
        walked, cursor = [], None
        while True:
            page = asked(store, sort=sort, limit=limit, cursor=cursor)
            assert len(page.sessions) <= limit
            walked += [s.session_id for s in page.sessions]
            cursor = page.next
            if cursor is None:
                break
        assert walked == whole


def test_the_latest_stand_first_and_the_dearest_where_asked(store: Store) -> None:
    latest = asked(store).sessions
    assert latest[0].session_id == story.CHAT or latest[0].last > latest[1].last
    assert [s.last for s in latest] == sorted((s.last for s in latest), reverse=True)
    dearest = asked(store, sort="-cost").sessions
    assert dearest[0].session_id == story.LONG and dearest[0].turns == 1000
    assert asked(store, sort="-errors").sessions[0].session_id == story.LONG


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("error", {story.CHAT, story.LONG}),
        ("session:(traces>900)", {story.LONG}),
        ("turns>3 turns<10", {story.CHAT}),
        ("cost>0.1", {story.LONG}),
        ("llm cost>0.1", set()),
        ("errors:2", {story.CHAT}),
        ("user:u_anna", {story.CHAT}),
        ("tool", {story.CHAT}),
        ('"in blue"', {story.CHAT}),
        ("release:4.8.0 tool", set()),
        ("duration>10h", {story.LONG}),
        (condition("session", *story.HOSTILE), set(story.HOSTILE)),
    ],
)
def test_a_session_matches_with_one_of_its_spans(store: Store, text: str, found: set[str]) -> None:
    assert ids(store, text) == found


def test_environment_and_window_narrow(store: Store) -> None:
    page = asyncio.run(sessions.sessions(store, chosen(environment="prod")))
    assert [s.session_id for s in page.sessions] == [story.CHAT]
    late = Window(story.PROJECT, NOW - 3 * HOUR, NOW)
    page = asyncio.run(sessions.sessions(store, chosen("user:u_anna", late)))
    # Figures are those of the window: only the last turn began in it.
    assert [(s.turns, s.releases.some) for s in page.sessions] == [(1, ("4.8.0",))]


def test_pages_stay_right_while_data_arrives(writer: tuple[Store, Connection]) -> None:
    store, connection = writer
    for step, sort in enumerate(("-last", "-turns", "-cost", "turns")):
        before = [s.session_id for s in asked(store, sort=sort, limit=200).sessions]
        first = asked(store, sort=sort, limit=3)
        told = pages_story.Told()
        # One of the last comes to the front, and a new one appears there.
        for n, name in enumerate((before[-2], f"new {sort}")):
            for k in range(30):
                number = 90_000 + 1000 * step + 100 * n + k
                said = [{"role": "user", "content": "late"}]
                story.turn(told, number, name, NOW - 60 * 10**9 + k, said, "late")
        pages_story.store(told, connection)
        walked, cursor = [s.session_id for s in first.sessions], first.next
        while cursor:
            page = asked(store, sort=sort, limit=3, cursor=cursor)
            walked += [s.session_id for s in page.sessions]
            cursor = page.next
        assert walked == before
        connection.command(
            "DELETE FROM sightline.spans WHERE project = {p:String}"
            " AND start_time >= fromUnixTimestamp64Nano({t:Int64})",
            {"p": story.PROJECT, "t": NOW - 60 * 10**9},
        )


@pytest.mark.parametrize(
    "cursor", ["x", "-last.1.2.3.4", "-cost.1.2.3.4.5", "-last.9.2.3.4.5", "-last.1.2.3.4." + "9" * 20]
)
def test_a_foreign_cursor_is_named(store: Store, cursor: str) -> None:
    with pytest.raises(BadCursor):
        asked(store, cursor=cursor)


def test_an_unknown_order_names_the_known(store: Store) -> None:
    with pytest.raises(BadSort, match="cost"):
        asked(store, sort="-price")


def test_one_session_with_its_turns(store: Store) -> None:
    found = asyncio.run(sessions.session(store, story.PROJECT, story.CHAT))
    assert found is not None and not found.truncated and found.summary.turns == 4
    assert [t.release for t in found.turns] == ["4.7.0", "4.7.0", "4.7.0", "4.8.0"]
    failed = found.turns[2]
    assert failed.root_failed and failed.failure == "POST /api/chat: 429 Too Many Requests"
    assert failed.cost_usd is None and failed.unknown_cost == failed.unknown_tokens == 1
    assert found.turns[1].tools == 1 and found.turns[1].time_to_first_token_ns == 500 * 10**6
    said = asyncio.run(session_texts.said(store, story.PROJECT, story.CHAT, found.turns, None))
    assert [words(t.asked) for t in said] == [[q] for q, _ in story.SAID]
    assert [words(t.answered) for t in said] == [[a] if a else [] for _, a in story.SAID]
    [run] = said[1].tools
    assert run.name == "look_up" and not run.failed
    assert run.arguments and run.arguments.text == '{"sku": "aero-3-44"}'
    assert run.result and run.result.text == '{"left": 2}'


def test_a_later_page_does_not_repeat_what_was_before(store: Store) -> None:
    found = asyncio.run(sessions.session(store, story.PROJECT, story.CHAT))
    assert found
    [last] = asyncio.run(
        session_texts.said(store, story.PROJECT, story.CHAT, found.turns[3:], found.turns[2])
    )
    assert words(last.asked) == [story.SAID[3][0]]


def test_more_turns_than_are_read_leave_the_earliest_out(store: Store) -> None:
    found = asyncio.run(sessions.session(store, story.PROJECT, story.LONG, limit=100))
    assert found and found.truncated and len(found.turns) == 100 and found.summary.turns == 1000
    assert found.turns[-1].start_time == found.summary.last - 10**8


@pytest.mark.parametrize("name", story.HOSTILE)
def test_hostile_ids_are_ids(store: Store, name: str) -> None:
    found = asyncio.run(sessions.session(store, story.PROJECT, name))
    assert found and found.summary.turns == 1 and found.summary.users.some == (name,)


def test_another_projects_session_is_not_there(store: Store) -> None:
    other = asyncio.run(sessions.session(store, story.OTHER, story.CHAT))
    assert other and other.summary.turns == 1 and "SECRET" in other.summary.question
    assert asyncio.run(sessions.session(store, story.OTHER, story.LONG)) is None
    mine = asked(store, limit=200)
    assert "SECRET" not in repr(mine) and "SECRET" not in repr(asked(store, "SECRET"))


@pytest.mark.parametrize(
    ("name", "text", "sort", "after"),
    [
        ("latest", "", "-last", None),
        ("latest_next", "status:error", "-last", Cursor("-last", 10, 20, 30, 15, 7)),
        ("dearest", "user:alice cost>1", "-cost", None),
        ("fewest_turns_next", "", "turns", Cursor("turns", 10, 20, 30, 15, 7)),
    ],
)
def test_the_statements(name: str, text: str, sort: str, after: Cursor | None) -> None:
    window = Window("helpdesk", NOW - 24 * HOUR, NOW)
    found = f"{sessions.ranking(chosen(text, window), window, 51, sort, 30, after).text}\n"
    path = Path(__file__).parent / "golden" / "sessions" / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found)
    assert found == path.read_text()
