from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from tests.query import signal_story as story
from tests.query.signal_story import NOW, WINDOW

from sightline.query.filter.errors import FilterError
from sightline.query.filter.vocabulary import LOGS, METRICS, Vocabulary
from sightline.query.row_selection import select_rows
from sightline.query.row_suggest import suggest_rows
from sightline.store.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    points = [
        story.point("depth", "gauge", n, value=1.0, attributes={"queue name": q})
        for n, q in enumerate(("a b", "a b", "c"))
    ]
    with story.opened(tmp_path_factory.mktemp("suggest"), points) as found:
        yield found


def offered(
    store: Store, text: str, vocabulary: Vocabulary = LOGS, sound: bool = True
) -> dict[str, int | None]:
    found = asyncio.run(suggest_rows(store, vocabulary, text, len(text), WINDOW, NOW))
    assert len(found) <= 20
    for one in found:
        filled = text[: one.offset] + one.text + text[one.offset + one.length :]
        try:
            select_rows(vocabulary, filled, WINDOW, NOW)
        except FilterError as error:
            # Only what is not finished yet.
            assert not sound or one.text.endswith((":", "or")), (filled, error)
    return {one.text: one.count for one in found}


def test_fields_and_words(store: Store) -> None:
    assert {"severity:", "service:", "has:", "or"} <= set(offered(store, ""))
    assert list(offered(store, "sev"))[:2] == ["severity:", "severity_text:"]
    assert "error" in offered(store, "err")
    assert offered(store, "retr") == {"attr.retries:": 1}
    assert "name:" in offered(store, "na", METRICS)
    assert "severity:" not in offered(store, "se", METRICS)
    assert offered(store, "queue", METRICS) == {'attr."queue name":': 3}


def test_values_are_counted_in_the_rest_of_the_filter(store: Store) -> None:
    assert next(iter(offered(store, "service:"))) == "burst"
    assert "hidden" not in offered(store, "service:")
    assert offered(store, "severity:error service:") == {"api": 1}
    assert offered(store, "service:WOR") == {"worker": 1}
    assert offered(store, "attr.http.route:") == {"/pay": 2}
    assert offered(store, 'attr."queue name":', METRICS) == {'"a b"': 2, "c": 1}
    assert offered(store, "type:g", METRICS) == {"gauge": 3}


def test_what_has_an_order_has_examples(store: Store) -> None:
    assert list(offered(store, "severity>=")) == ["trace", "debug", "info", "warn", "error", "fatal"]
    assert list(offered(store, "severity:e")) == ["error"]
    assert "-1h" in offered(store, "time>")
    assert "service" in offered(store, "has:serv")


@pytest.mark.parametrize("text", ["attr.:", "attr.a:`b:", 'service:"a', "((", "sevrity:x service:"])
def test_what_cannot_be_read_is_no_failure(store: Store, text: str) -> None:
    offered(store, text, sound=False)
