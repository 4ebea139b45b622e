# ruff: noqa: E501 - the cases are lines of a table
"""Files, rotation, folders, packing; lines, arrays and objects over several lines; what breaks off."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.report import sources
from sightline.report.sources import SourceError, Unreadable, Value, files, values


def told(path: Path) -> list[Any]:
    return [f.value if isinstance(f, Value) else f for f in values(str(path))]


def test_rotated_files_come_oldest_first_and_each_once(tmp_path: Path) -> None:
    for name in (
        "a.jsonl",
        "a.jsonl.1",
        "a.jsonl.2.gz",
        "a.jsonl.10",
        "a.jsonl.lock",
        "a.jsonl.bak",
        "b.json",
        ".c.json",
        "d.md",
    ):
        (tmp_path / name).write_text("{}")
    expected = ["a.jsonl.10", "a.jsonl.2.gz", "a.jsonl.1", "a.jsonl"]
    assert [Path(f).name for f in files([str(tmp_path / "a.jsonl")])] == expected
    assert sorted(Path(f).name for f in files([str(tmp_path), str(tmp_path / "a.*")])) == sorted(
        [*expected, "b.json", "a.jsonl.lock", "a.jsonl.bak"]
    )
    assert {Path(f).name for f in files([str(tmp_path)])} == {*expected, "b.json"}
    assert [Path(f).name for f in files([str(tmp_path / "a.jsonl.1")])] == ["a.jsonl.1"]
    assert files(["-"]) == ["-"]


@pytest.mark.parametrize("word", ["missing.jsonl", "no*.such"])
def test_words_that_name_nothing(word: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no such file"):
        files([str(tmp_path / word)])
    with pytest.raises(SourceError, match="no file in this folder"):
        files([str(tmp_path)])


def test_lines_with_faults_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(
        b'\xef\xbb\xbf{"a":1}\n\n# note\n{"a":\n2026 INFO {"a":2}\n[1]\n{"a":"\xff"}\nplain\n{"a":3}'
    )
    found = told(path)
    assert [f for f in found if not isinstance(f, Unreadable)] == [{"a": 1}, {"a": 2}, [1], {"a": 3}]
    assert [f.line for f in found if isinstance(f, Unreadable)] == [4, 7, 8]


documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip


@given(
    st.lists(st.dictionaries(st.text(max_size=5), documents, max_size=4), min_size=1, max_size=5),
    st.sampled_from([None, 2]),
    st.integers(1, 40),
)
def test_arrays_come_value_by_value(records: list[Any], indent: int | None, piece: int) -> None:
    text = json.dumps(records, indent=indent)
    before, sources._PIECE = sources._PIECE, piece
    try:
        found = list(sources._read("x", io.BytesIO(text.encode())))  # type: ignore[arg-type]
    finally:
        sources._PIECE = before
    assert [f.value for f in found if isinstance(f, Value)] == records


def test_objects_over_several_lines_and_arrays_that_break_off(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{\n  "a": 1\n}\n{\n  "a": 2\n}\n')
    assert told(path) == [{"a": 1}, {"a": 2}]
    path.write_text('[{"a": 1},\n{"a": 2},\n{"a": ')
    found = told(path)
    assert found[:2] == [{"a": 1}, {"a": 2}]
    assert isinstance(found[2], Unreadable)
    assert found[2].line == 3


def test_a_first_line_that_was_cut_off_is_one_unreadable_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1, "b"\n{"a": 2}\nnot json\n{"a": 3}\n')
    found = told(path)
    assert [f for f in found if not isinstance(f, Unreadable)] == [{"a": 2}, {"a": 3}]
    assert [f.line for f in found if isinstance(f, Unreadable)] == [1, 3]


@given(st.integers(0, 4), st.sampled_from(["", "[\n"]), st.integers(8, 60), st.sampled_from([2, 4]))
def test_of_objects_over_several_lines_a_broken_one_is_left_out(
    broken: int, opened: str, piece: int, indent: int
) -> None:
    records = [{"a": n, "inside": {"b": [n, {"c": "x" * n}]}} for n in range(5)]
    texts = [json.dumps(r, indent=indent) for r in records]
    texts[broken] = texts[broken].replace(f'"a": {broken},', f'"a": {broken}')
    text = opened + ",\n".join(texts) + ("\n]" if opened else "")
    before, sources._PIECE = sources._PIECE, piece
    try:
        found = list(sources._read("x", io.BytesIO(text.encode())))  # type: ignore[arg-type]
    finally:
        sources._PIECE = before
    assert [f.value for f in found if isinstance(f, Value)] == [r for r in records if r["a"] != broken]
    lines = [text[: text.find(f'"a": {n}')].count("\n") for n in range(5)]
    assert [f.line for f in found] == lines


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_with_its_mark_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    mark = "" if encoding == "utf-16" else "\ufeff"
    path.write_bytes((mark + '{"a": "grün"}\n{"a": 2}\n').encode(encoding))
    assert told(path) == [{"a": "grün"}, {"a": 2}]


def test_packed_files_and_those_that_break_off(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    packed = gzip.compress(b'{"a":1}\n' * 1000)
    path.write_bytes(packed)
    assert len(told(path)) == 1000
    lines = b"".join(b'{"a":%d}\n' % (n * n) for n in range(50_000))
    path.write_bytes(gzip.compress(lines)[:60_000])  # one that is still written
    found = told(path)
    assert len(found) > 10_000
    assert found[:3] == [{"a": 0}, {"a": 1}, {"a": 4}]
    assert found[-1].reason.startswith("the packed file breaks off")
    assert found[-1].line > 10_000
    path.write_bytes(packed[:-12])
    assert isinstance(told(path)[-1], Unreadable)
    path.write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(SourceError, match="no text"):
        told(path)


def test_a_line_that_is_too_long_is_one_place_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LONGEST", 2**20)
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": "' + "x" * 3 * 2**20 + '"}\n{"a": 2}\n')
    found = told(path)
    assert found == [Unreadable(str(path), 1, "it is longer than 1 MB"), {"a": 2}]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a":1}\n{"a":2}\n')))
    assert [f.value for f in values("-") if isinstance(f, Value)] == [{"a": 1}, {"a": 2}]
