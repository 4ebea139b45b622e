"""What is offered at a cursor."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.query.filter_story import NOW, WINDOW
from tests.query.filter_trees import scraps

from sightline.query.facets import facets
from sightline.query.filter.errors import FilterError
from sightline.query.selection import Target, count, select
from sightline.query.suggest import MOST, suggest
from sightline.records.facets import Suggestion
from sightline.store.rows import QueryTimeout
from sightline.store.store import Store


def offered(store: Store, text: str, target: Target = Target.SPANS) -> dict[str, Suggestion]:
    """Suggestions at the `|` of a text, by their text."""
    cursor = text.index("|")
    found = asyncio.run(suggest(store, text.replace("|", "", 1), cursor, WINDOW, NOW, target))
    assert len(found) <= MOST
    return {s.text: s for s in found}


def put(text: str, suggestion: Suggestion) -> str:
    """The text with a suggestion taken."""
    plain = text.replace("|", "", 1)
    return plain[: suggestion.offset] + suggestion.text + plain[suggestion.offset + suggestion.length :]


@pytest.mark.parametrize(
    ("text", "suggestion", "result"),
    [
        ("|", "kind:", "kind:"),
        ("mod|", "model:", "model:"),
        ("llm mod| error", "model:", "llm model: error"),
        ("request_mo|del:x", "request_model:", "request_model:x"),
        ("(ttf|", "ttft:", "(ttft:"),
        ("-en|", "env:", "-env:"),
        ("gpt_no|", None, ""),
        ("trace.co|", "trace.cost>", "trace.cost>"),
        ("ll|", "llm", "llm"),
        ("und|", "under ", "under "),
        ("squ|", "attr.squad:", "attr.squad:"),
        ("attr.squ|", "attr.squad:", "attr.squad:"),
        ('attr."sp a|', 'attr."sp ace":', 'attr."sp ace":'),
        ("kind:|", "llm", "kind:llm"),
        ("kind:l|", "llm", "kind:llm"),
        ("kind:llm,t|", "tool", "kind:llm,tool"),
        ("kind:(llm, t|)", "tool", "kind:(llm, tool)"),
        ("model:gpt|-9 error", "gpt-4o-2024-11-20", "model:gpt-4o-2024-11-20 error"),
        ("name:POST|", '"POST /v1/answer"', 'name:"POST /v1/answer"'),
        ('name:"POST /|"', '"POST /v1/answer"', 'name:"POST /v1/answer"'),
        ("attr.squad:se|", "search", "attr.squad:search"),
        ("tags:b|", "beta", "tags:beta"),
        ("duration>1|", "1s", "duration>1s"),
        ("start>-|", "-1h", "start>-1h"),
        ("trace.cost>0|", "0.01", "trace.cost>0.01"),
        ("root:t|", "true", "root:true"),
        ("has:mod|", "model", "has:model"),
    ],
)
def test_suggestions_and_what_becomes_of_the_text(
    told_store: Store, text: str, suggestion: str | None, result: str
) -> None:
    found = offered(told_store, text)
    if suggestion is None:
        assert not found
        return
    assert suggestion in found, list(found)
    assert put(text, found[suggestion]) == result


def test_counts_are_those_of_the_rest(told_store: Store) -> None:
    def counted(text: str) -> int:
        return asyncio.run(count(told_store, select(text, WINDOW, NOW)))

    for text, value, meant in (
        ("kind:|", "llm", "llm"),
        ("kind:l| env:prod", "llm", "llm env:prod"),
        ("error kind:|", "llm", "llm error"),
        ("-kind:l| error", "llm", "llm error"),
        ("kind:tool,l|", "llm", "llm"),
        ("kind:l| (", "llm", "llm"),
    ):
        found = offered(told_store, text)[value]
        assert (found.count or 0) == counted(meant), text
    # A word without spans is offered behind those that have some.
    names = list(offered(told_store, "kind:|"))
    assert names.index("llm") < names.index("memory")
    traces = offered(told_store, "user:al|", Target.TRACES)
    assert traces["alice"].count == 1


def test_the_likeliest_come_first(told_store: Store) -> None:
    assert next(iter(offered(told_store, "mod|"))) == "model:"
    assert next(iter(offered(told_store, "cost|"))) == "cost:"
    assert next(iter(offered(told_store, "kind:|"))) == "chain"


def test_another_project_is_not_offered(told_store: Store) -> None:
    for text in ("user:|", "user:mal|", "tags:h|", "attr.squad:|", "name:sec|", "model:sec|"):
        assert not {"mallory", "hush", "hidden", '"secret of the other"', "secret-model"} & set(
            offered(told_store, text)
        )


def test_too_slow_to_count(told_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def late(*_: object, **__: object) -> None:
        raise QueryTimeout("too slow", 159)

    monkeypatch.setattr(told_store, "fetch", late)
    assert "llm" in offered(told_store, "kind:l|") and offered(told_store, "kind:l|")["llm"].count is None
    assert "model:" in offered(told_store, "mod|") and not offered(told_store, "user:a|")
    with pytest.raises(QueryTimeout):
        asyncio.run(facets(told_store, select("", WINDOW, NOW), NOW, ["kind"]))


@settings(max_examples=60, deadline=None)
@given(scraps, st.integers(0, 60))
def test_at_any_place_of_any_text(told_store: Store, text: str, cursor: int) -> None:
    try:
        found = asyncio.run(suggest(told_store, text, cursor, WINDOW, NOW))
    except FilterError as error:
        pytest.fail(f"{error} for {text!r}")
    for one in found:
        assert 0 <= one.offset <= cursor + 1 and one.offset + one.length <= len(text)
