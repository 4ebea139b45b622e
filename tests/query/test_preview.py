from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.query.preview import preview


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Hello\n there", "Hello there"),
        (
            '[{"role":"system","content":"S"},{"role":"user","content":"Q1"},{"role":"user","content":"Q2"}]',
            "Q2",
        ),
        ('[{"role":"user","parts":[{"type":"text","content":"P"}]}]', "P"),
        ('[{"role":"user","content":[{"type":"text","text":"T"}]}]', "T"),
        ('{"messages":[{"role":"human","content":"M"}]}', "M"),
        ('{"question":"Why?"}', "Why?"),
        ('[{"role":"user","content":"It was cut in the mid', "It was cut in the mid"),
        ('"quoted \\u00e9"', "quoted é"),
        ("", ""),
    ],
)
def test_what_was_asked(text: str, line: str) -> None:
    assert preview(text) == line


@given(st.text(), st.integers(0, 200))
def test_any_cut_of_anything_is_one_short_line(text: str, cut: int) -> None:
    for body in (text, json.dumps([{"role": "user", "content": text}])[:cut], json.dumps({"x": [text]})):
        line = preview(body)
        assert len(line) <= 240 and "\n" not in line
