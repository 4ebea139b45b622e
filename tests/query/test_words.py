"""The index on words of contents: it is on what is looked up, it is used, and it never changes an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.query.filter_story import LONG, NOW, WINDOW, tell
from tests.query.filter_story import story as pages_story

from sightline.query.filter.contents import in_text
from sightline.query.filter.parameters import Parameters
from sightline.query.phrases import read_phrase, searched
from sightline.query.selection import count, select
from sightline.settings import StoreSettings
from sightline.store.schema import migrate, steps
from sightline.store.store import Connection, Store, embedded_url
from sightline.testing import wait_until

INDEX = next(step for step in steps() if step.name == "words_of_content")
QUESTIONS = (
    "refund",
    "policy",
    "nothing-says-this",
    '"refund policy"',
    "refund*",
    "café",
    "退款",
    "order or vu",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store from before the index, with the story in it."""
    found = Store(embedded_url(tmp_path), StoreSettings())
    writer = found.writer()
    migrate(writer, [step for step in steps() if step != INDEX])
    told = pages_story.Told()
    tell(told, "default")
    pages_story.store(told, writer)
    writer.close()
    yield found
    found.close()


@pytest.fixture
def writer(store: Store) -> Iterator[Connection]:
    found = store.writer()
    yield found
    found.close()


def answers(store: Store) -> list[int]:
    return [asyncio.run(count(store, select(text, WINDOW, NOW))) for text in QUESTIONS]


def indexed(writer: Connection) -> bool:
    """Whether every part has the index, and nothing is under way."""
    left = writer.query("SELECT count() FROM system.mutations WHERE table = 'content' AND NOT is_done")
    bare = writer.query(
        "SELECT count() FROM system.parts WHERE database = 'sightline' AND table = 'content' AND active"
        " AND secondary_indices_uncompressed_bytes = 0"
    )
    return left.scalar() == bare.scalar() == 0


def explained(writer: Connection, word: str) -> str:
    parameters = Parameters(project="default")
    found = in_text(parameters, read_phrase([word]), "c.body")
    sql = f"SELECT c.hash FROM sightline.content AS c WHERE c.project = {{project:String}} AND {found}"
    answer = writer.query(f"EXPLAIN indexes = 1, actions = 1 {sql}", parameters.given)
    return "\n".join(str(row[0]) for row in answer.rows)


def test_the_index_is_on_the_expression_that_is_looked_up() -> None:
    assert f"by_word {searched('body')}\n    TYPE text(tokenizer = 'splitByNonAlpha')" in INDEX.text
    for cluster in ("", "main"):
        assert searched("body") in INDEX.statements(cluster)[0]


def test_a_store_from_before_is_indexed_while_it_answers(store: Store, writer: Connection) -> None:
    before = answers(store)
    assert before[0] > 0 and before[2] == 0 and before[-1] > 0
    migrate(writer)
    assert answers(store) == before  # whatever is indexed by now
    wait_until(lambda: indexed(writer), "existing texts are indexed")
    assert answers(store) == before
    # Two parts with it and one without: what is stored from now on is indexed when parts are merged.
    for body in ("refund policy of another text", LONG[0]):
        writer.command(
            "INSERT INTO sightline.content (project, hash, body, parts, expires)"
            " SETTINGS materialize_skip_indexes_on_insert = 0"
            " SELECT 'default', substring(SHA256({b:String}), 1, 16), {b:String}, [], toDate('2099-01-01')",
            {"b": body},
        )
    assert answers(store) == before
    found = writer.query(
        "SELECT count() FROM sightline.content WHERE hasAllTokens("
        f"{searched('body')}, ['another', 'refund']) AND project = 'default'"
    )
    assert found.scalar() == 1
    writer.command("OPTIMIZE TABLE sightline.content FINAL")
    wait_until(lambda: indexed(writer), "merged texts are indexed")
    assert answers(store) == before


def test_words_are_answered_from_the_index(writer: Connection) -> None:
    migrate(writer)
    wait_until(lambda: indexed(writer), "existing texts are indexed")
    plan = explained(writer, "refund")
    assert "Name: by_word" in plan and 'tokens: ["refund"]' in plan
    assert "Granules: 0/" in explained(writer, "nosuchword")
    assert "Name: by_word" in explained(writer, "refund policy") and "match(" in explained(writer, "a b")


def test_a_kill_in_between_leaves_no_half_step(writer: Connection) -> None:
    statements = INDEX.statements()
    for done in range(len(statements) + 1):
        for statement in statements[:done]:
            writer.command(statement)
    migrate(writer)
    wait_until(lambda: indexed(writer), "existing texts are indexed")
    made = str(writer.query("SHOW CREATE TABLE sightline.content").scalar())
    assert made.count("INDEX by_word") == 1
