"""The quick way to what spans say finds exactly what one plain statement over everything finds."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.query.filter_story import WINDOW
from tests.query.said_plainly import BOUNDS, agrees, bounded, chosen, plain

from sightline.query import listing, said
from sightline.query.filter.predicates import Found, Says, within
from sightline.query.selection import Selection, Target, count
from sightline.store.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))

QUESTIONS = (
    "refund", '"refund policy"', "zebra", '"middle yak two"', '"begin zebra" or yak', "café", '"déjà vu"',
    "退款", "zebr*", "nothing-says-this", "llm -refund", '-"refund policy"', "input.text:café", "level",
    '"quota exceeded"', '"odd ones"', "arguments:u_58213,退款", 'trace:(any "refund policy")',
    "output.text:yak",
    "session:(any zebra)", "tool under (agent refund)", "log:retrying refund", "refund order",
    "duration>1s policy",
)  # fmt: skip


@pytest.mark.parametrize("bounds", BOUNDS[1:4])
@pytest.mark.parametrize("text", QUESTIONS)
def test_the_story(
    told_store: Store, monkeypatch: pytest.MonkeyPatch, text: str, bounds: tuple[int, int]
) -> None:
    bounded(monkeypatch, bounds)
    agrees(told_store, chosen(text), 3)
    agrees(told_store, chosen(text, replace(WINDOW, project="other")), 50)
    # Traces are listed with the same texts.
    whole = chosen(text, target=Target.TRACES)
    page = asyncio.run(listing.traces(told_store, whole, limit=200))
    assert len(page.traces) == asyncio.run(count(told_store, whole))


@pytest.mark.parametrize(("bounds", "limit"), [((3, 0), 7), ((4, 2), 20), ((1, 0), 30)])
def test_pages_go_on_where_the_one_before_ended(
    told_store: Store, monkeypatch: pytest.MonkeyPatch, bounds: tuple[int, int], limit: int
) -> None:
    bounded(monkeypatch, bounds)
    every = plain(told_store, chosen("refund or level"))
    found: list[tuple[str, str, int]] = []
    cursor = None
    while True:
        page = asyncio.run(listing.spans(told_store, chosen("refund or level"), limit=limit, cursor=cursor))
        found += [(s.trace_id, s.span_id, s.start_time) for s in page.spans]
        cursor = page.next
        if cursor is None:
            break
    assert found == every and len(every) > 40


def found_of(selection: Selection) -> list[Found]:
    return [part.found for part in within(selection.predicate) if isinstance(part, Says)]


def test_what_is_known_of_texts(told_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def known(text: str, project: str = "default") -> list[Found]:
        window = replace(WINDOW, project=project)
        return found_of(asyncio.run(said.looked_up(told_store, chosen(text, window))))

    [zebra] = known("zebra")
    # The text, the group that has it, and the whole.
    assert not zebra.flat and zebra.hashes and len(zebra.hashes) == 3
    assert known("unheard")[0].hashes == () and len(known("unheard", "other")[0].hashes or ()) == 1
    assert known("zebr*")[0].hashes is None and known("llm") == []
    assert known("zebra", "nobody") == [Found(True, ())]
    monkeypatch.setattr(said, "MOST_NAMED", 2)
    assert known("zebra")[0].hashes is None
    [first, second] = known("refund or yak trace:(any refund)")[:2]
    assert first.hashes is None and second.hashes is None


def test_which_are_looked_for_in_stretches() -> None:
    assert said.is_stretched(chosen('llm -"a b"').predicate)
    for text in ("llm", "a trace:(any error)", "tool under (agent a)", "a session.cost>1", "a log:b"):
        assert not said.is_stretched(chosen(text).predicate), text
