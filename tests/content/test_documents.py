"""Documents of every SDK, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.content.documents import documents, of_value
from sightline.records.conversation import Document

PLACE = "https://example.com"
EACH: tuple[tuple[Any, Document], ...] = (
    ([{"id": "d", "score": 0.5, "content": "c"}], Document("c", "d", 0.5)),
    (
        {"documents": [{"content": "c", "meta": {"a": 1}, "score": 1}]},
        Document("c", "", 1.0, metadata={"a": "1"}),
    ),
    (["c"], Document("c")),
    ([json.dumps({"text": "c", "url": PLACE})], Document("c", url=PLACE)),
    ([{"index": 3, "relevanceScore": 0.25, "document": "c"}], Document("c", "", 0.25)),
    ([{"score": float("nan"), "content": "c"}], Document("c", metadata={"score": "NaN"})),
    ([{"content": {"a": 1}}], Document('{"a": 1}')),
    ([{"content": "c", "embedding": [0.1, 0.2]}], Document("c", metadata={"vector": "2 numbers"})),
)


@pytest.mark.parametrize(("value", "expected"), EACH)
def test_a_document_of_each_sdk(value: Any, expected: Document) -> None:
    assert documents(json.dumps(value), "") == (expected,)


def test_what_is_no_list_of_documents_is_none() -> None:
    for text in ("text", "{}", "[]", "[1]", '{"a": 1}', ""):
        assert documents(text, "x") is None
    assert of_value([{"role": "user", "content": "c", "score": 1}], "x", strict=True) is None
    assert of_value([{"content": "c"}], "x", strict=True) is None
    assert of_value([{"page_content": "c"}], "x", strict=True) is not None


LEAVES = st.none() | st.booleans() | st.floats() | st.text()
KEYS = st.sampled_from(
    ["id", "score", "content", "metadata", "node", "document", "kwargs", "text", "url", "lc"]
)


@given(st.lists(st.dictionaries(KEYS, LEAVES | st.dictionaries(KEYS, LEAVES)) | st.text()))
def test_any_list_is_read(value: Any) -> None:
    found = documents(json.dumps(value), "x")
    assert found is None or len(found) == len(value)
