"""Filters made to be dear end in an answer or in an error that says why."""

from __future__ import annotations

import asyncio

import pytest
from tests.query.filter_story import NOW, WINDOW

from sightline.query.filter.errors import FilterError
from sightline.query.search import search
from sightline.query.selection import Target, count, select
from sightline.store.store import Store

DEAR = {
    "many alternatives": " or ".join(["kind:llm"] * 650),
    "many attributes": " ".join(f"-attr.x{n}:1" for n in range(300)),
    "many values": "model:" + ",".join(f"m{n}" for n in range(1_500)),
    "many wildcards": "name:" + "a*" * 3_900,
    "many texts": " ".join(f'"word{n} other{n}"' for n in range(12)),
    "a long text": '"' + "a b " * 32 + '"',
    "letters that are escaped": '"' + "é" * 3_900 + '"',
    "only punctuation": '"' + "(" * 3_000 + '"',
    "relations in relations": "under above child of parent of llm",
    "groups in groups": "trace:(any under trace:(any session:(any under llm)))",
    "negations": "-" * 20 + "(kind:llm)",
}


@pytest.mark.parametrize("target", list(Target))
@pytest.mark.parametrize("name", DEAR)
def test_dear_filters_are_answered(told_store: Store, name: str, target: Target) -> None:
    try:
        selection = select(DEAR[name], WINDOW, NOW, target)
    except FilterError as error:
        assert "too often" in str(error)
        return
    assert asyncio.run(count(told_store, selection)) >= 0
    asyncio.run(search(told_store, selection))
