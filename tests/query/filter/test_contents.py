"""Full text through filters: contents, parts of contents, names, logs."""

from __future__ import annotations

import asyncio

import pytest
from tests.query.filter_story import NOW, WINDOW
from tests.query.filter_story import story as told

from sightline.query.filter.contents import in_text
from sightline.query.filter.parameters import Parameters
from sightline.query.phrases import read_phrase, searched
from sightline.query.selection import Target, count, select
from sightline.store.store import Store


def found(store: Store, text: str, target: Target = Target.SPANS) -> int:
    return asyncio.run(count(store, select(text, WINDOW, NOW, target)))


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        # In the contents of one span, however it is stored.
        ("zebra", 1), ('"middle yak two"', 1), ("xerus", 1), ('"begin ZEBRA"', 1), ('"zebra begin"', 0),
        ("zebr", 0), ("zebr*", 1), ("*erus", 1), ("zebra xerus", 1), ("zebra -xerus", 0),
        # Escaped in JSON: line ends, letters, quotes, paths.
        ("café", 1), ("CAFÉ", 1), ('"déjà vu"', 1), ('"vu new-line"', 1), ('"new line"', 1), ("caf", 0),
        ("nnew", 0), ('"café déjà vu new line"', 1), ("dir", 1),
        # A script without spaces is found inside of longer runs.
        ("退款", 1), ("打开退款页面", 1), ("页退", 0),
        # Only punctuation is looked for as it is.
        ('"C:"', 1), ("???", 0),
        # What else a span says.
        ('"quota exceeded"', 1), ('"odd ones"', 1), ("level", 40),
        # Where it stands.
        ("input.text:café", 1), ("output.text:café", 0), ("output.text:zebra", 1), ("arguments:退款", 1),
        ("output.value:yak", 1), ("arguments:u_58213", 12), ("result:u_58213", 0), ("result:paid", 12),
        ("arguments:u_58213,退款", 13), ("arguments>30b", 0), ("has:arguments", 13), ("text:zebra", 1),
        ("has:text", 37), ("output.value>30b", 1),
        # Log records of a span.
        ("log:retrying", 1), ('log:"took long"', 1), ("log:absent", 0), ("has:log", 1),
        ("-log:retrying tool:lookup_order", 11),
    ],
)  # fmt: skip
def test_what_spans_say(told_store: Store, text: str, spans: int) -> None:
    assert found(told_store, text) == spans


def test_one_text_sent_by_many_spans(told_store: Store) -> None:
    asked = [n for n in range(12) if "refund policy" in told.QUESTIONS[n % len(told.QUESTIONS)].lower()]
    assert found(told_store, '"refund policy"', Target.TRACES) == len(asked)
    assert found(told_store, '"refund policy"') == 2 * len(asked)


def test_a_text_index_on_the_searched_expression_answers_for_words(told_store: Store) -> None:
    told_store.command(
        "CREATE TABLE IF NOT EXISTS sightline.indexed (body String,"
        f" INDEX by_word {searched('body')} TYPE text(tokenizer = 'splitByNonAlpha'))"
        " ENGINE = MergeTree ORDER BY tuple()"
    )
    told_store.command(
        "INSERT INTO sightline.indexed SELECT body FROM sightline.content WHERE project = 'default'"
    )
    for text, plain in (("zebra", False), ("café", False), ("refund policy", True)):
        parameters = Parameters()
        condition = in_text(parameters, read_phrase([text]), "c.body")
        asked = f"SELECT count() FROM sightline.indexed AS c WHERE {condition}"
        explained = told_store.query(f"EXPLAIN indexes = 1 {asked}", parameters.given).rows
        plan = " ".join(row[0] for row in explained)
        assert "by_word" in plan, text
        assert ("match(" in condition) == plain
        assert told_store.query(asked, parameters.given).scalar() > 0
