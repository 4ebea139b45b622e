"""Pieces of text: whole lines, rows of CSV, and nothing that a terminal would obey."""

from __future__ import annotations

import csv
import io
import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from sightline.query.export_text import CsvRows, harmless, whole_lines


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


@given(st.binary(max_size=200), st.lists(st.integers(0, 1000), max_size=8))
def test_whole_lines_keep_every_byte_and_end_at_line_ends(data: bytes, cuts: list[int]) -> None:
    found = list(whole_lines(pieces(data, cuts)))
    assert b"".join(found) == data
    assert all(piece.endswith(b"\n") for piece in found[:-1])


@given(
    st.lists(st.lists(st.text("ab,\"'\n\r", max_size=6), min_size=2, max_size=2), max_size=6),
    st.lists(st.integers(0, 1000), max_size=8),
)
def test_rows_of_csv_are_counted_whatever_is_in_cells(rows: list[list[str]], cuts: list[int]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    counter = CsvRows()
    for piece in pieces(text.getvalue().encode(), cuts):
        counter.read(piece)
    assert counter.rows == len(rows)


@given(st.text(max_size=60))
def test_json_says_the_same_afterwards_and_holds_no_command(text: str) -> None:
    made = harmless(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    assert json.loads(made.decode("utf-8", "surrogatepass")) == text
    said = made.decode("utf-8", "surrogatepass")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E for c in said)


def test_escapes_of_a_terminal_and_turned_text_become_visible() -> None:
    assert harmless("\x1b[31mred\u202etxt\x9b\n\t".encode()) == b"\\u001b[31mred\\u202etxt\\u009b\n\t"
