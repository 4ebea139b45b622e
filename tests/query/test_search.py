"""Full text with the places where it was found.

Regenerate the statements with `UPDATE_GOLDEN=1 pytest tests/query/test_search.py`.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.query.filter_story import LONG, NOW, SAID, WINDOW, long_hash

from sightline.query.phrases import read_phrase
from sightline.query.search import latest, log_records, phrases_of, pieces, search, search_logs
from sightline.query.selection import select
from sightline.query.window import Window
from sightline.records.hits import Excerpt, SpanHit
from sightline.store.store import Store

GOLDEN = Path(__file__).parent / "golden" / "search"


def hits(store: Store, text: str, limit: int = 50) -> tuple[SpanHit, ...]:
    return asyncio.run(search(store, select(text, WINDOW, NOW), limit=limit))


def marked(excerpt: Excerpt) -> list[str]:
    return [excerpt.text[a:b] for a, b in excerpt.ranges]


def test_where_a_text_was_found(told_store: Store) -> None:
    [hit] = hits(told_store, '"déjà vu"')
    assert (hit.name, hit.kind) == ("odd ones", "other")
    [place] = hit.places
    assert place.field == "input_value" and place.excerpt.text == f'{{"q": "{SAID}"}}'
    assert marked(place.excerpt) == ["déjà vu"] and not place.excerpt.before and not place.excerpt.after


def test_a_part_of_a_long_text(told_store: Store) -> None:
    [hit] = hits(told_store, "yak or xerus")
    [place] = hit.places
    assert place.field == "output_value" and place.hash == long_hash()
    assert place.excerpt.text in LONG and marked(place.excerpt) == [place.excerpt.text.split()[1]]


def test_names_and_messages_and_several_places(told_store: Store) -> None:
    [hit] = hits(told_store, '"quota exceeded" "odd ones" café')
    assert [place.field for place in hit.places] == ["name", "status_message", "input_value"]
    assert [marked(p.excerpt) for p in hit.places] == [["odd ones"], ["quota exceeded"], ["Café"]]


def test_the_latest_come_first(told_store: Store) -> None:
    found = hits(told_store, "refund", limit=5)
    assert len(found) == 5 and [h.start_time for h in found] == sorted(
        (h.start_time for h in found), reverse=True
    )
    assert all("refund" in " ".join(marked(p.excerpt)).lower() for h in found for p in h.places)
    assert {p.field for h in found for p in h.places} <= {"input_value", "input_messages", "output_messages"}


def test_without_a_text_there_are_no_places(told_store: Store) -> None:
    assert all(hit.places == () for hit in hits(told_store, "llm -refund"))
    assert hits(told_store, "kind:memory") == ()


def test_long_texts_are_cut_around_what_was_found(told_store: Store) -> None:
    place = hits(told_store, "kind:llm name:answer lookup_order")[0].places[0]
    assert (
        place.excerpt.before and len(place.excerpt.text) <= 400 and "lookup_order" in marked(place.excerpt)[0]
    )


def test_logs(told_store: Store) -> None:
    [hit] = asyncio.run(search_logs(told_store, WINDOW, "took long"))
    assert hit.excerpt.text == "order lookup took long: retrying" and marked(hit.excerpt) == ["took long"]
    assert hit.span_id.endswith("0000000a")
    assert len(asyncio.run(search_logs(told_store, WINDOW, "o*"))) == 2
    assert asyncio.run(search_logs(told_store, WINDOW, "whispered")) == ()
    assert asyncio.run(search_logs(told_store, WINDOW, "%")) == ()


def test_another_project_is_not_found(told_store: Store) -> None:
    assert hits(told_store, '"unheard words"') == ()
    other = Window("other", WINDOW.since, WINDOW.until)
    found = asyncio.run(search(told_store, select("unheard", other, NOW)))
    assert len(found) == 2 and found[0].places
    # The hash alone reveals nothing either.
    there = pieces("default", [found[0].places[0].hash], [read_phrase(["unheard"])])
    assert told_store.query(there.text, there.parameters).rows == []


def test_phrases_to_mark() -> None:
    found = phrases_of(select('a -b (c or "d e") trace:(any f) log:h arguments:a', WINDOW, NOW).predicate)
    assert [phrase.plain for phrase in found] == ["a", "c", "d e", "f", "h"]


def test_the_statements() -> None:
    window = Window("helpdesk", NOW - 10**12, NOW)
    phrase = read_phrase(["refund policy"])
    made = [
        latest(select("llm", window, NOW), 50),
        pieces("helpdesk", ["00" * 16], [phrase, read_phrase(["???"])]),
        log_records(window, phrase, 50),
    ]
    text = "\n---\n".join(statement.text for statement in made) + "\n"
    path = GOLDEN / "statements.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("text", ["'", "\\", "(", "a'b\\c", "*", "\x00", "%", "[", "(?i)"])
def test_hostile_words_are_words(told_store: Store, text: str) -> None:
    asyncio.run(search_logs(told_store, WINDOW, text))
