"""Pieces of stored texts as people read them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sightline.query.excerpts import excerpt, readable
from sightline.query.phrases import read_phrase


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
def test_what_json_escapes_is_undone(text: str, ascii_only: bool) -> None:
    readable_text = readable(json.dumps(text, ensure_ascii=ascii_only)[1:-1])
    assert readable_text == text.replace("\b", " ").replace("\f", " ")


@given(st.text(max_size=40))
def test_any_piece_can_be_read(stored: str) -> None:
    text = readable(stored)
    text.encode()
    for before in (True, False):
        found = excerpt(stored, [read_phrase(["a"])], before=before, after=not before)
        assert all(0 <= a < b <= len(found.text) for a, b in found.ranges)


def test_marks_and_torn_ends() -> None:
    stored = r"g\"}, {\"text\": \"Caf\u00e9 refund\npolicy caf\u00"
    found = excerpt(stored, [read_phrase(["refund policy"])], before=True, after=True)
    assert found.text == '{"text": "Café refund\npolicy caf' and found.before and found.after
    assert [found.text[a:b] for a, b in found.ranges] == ["refund\npolicy"]
    assert readable("C:\\dir \\ud83d x") == "C:\\dir \ufffd x"
