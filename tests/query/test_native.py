"""Native of a newer revision says the same as that of revision 0, for every type whose end can be told."""

from __future__ import annotations

import chdb
import pytest

from sightline.query.native import UnknownColumn, at_revision

INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"
EXPRESSIONS = [
    "number", "toString(number)", "repeat('x', number * 50)", "toUInt8(1)", "toInt256(number)", "now()",
    "today()", "now64(9)", "toDate32('2020-01-01')", "generateUUIDv4()",
    "toIPv4('1.2.3.4')", "toIPv6('::1')",
    "toDecimal32(1, 2)", "toDecimal128(1, 9)", "toDecimal256(1, 9)", "toFixedString('abc', 5)", "true", "1.5",
    "if(number % 2, NULL, 'x')", "if(number % 2, NULL, number)", "range(number)", "[[1, number], []]",
    "arrayMap(x -> toString(x), range(number))", "map('a', number, 'b', 2)", "map('a', ['x', 'y'])",
    "(1, 'x', [2])", "CAST((1, 'x'), 'Tuple(`a b` UInt8, `c` String)')", "CAST(1, 'Enum8(\\'x, (\\' = 1)')",
    "CAST([], 'Array(Nothing)')", "NULL", "toIntervalDay(number)",
    "CAST([(1, 'x')], 'Nested(a UInt8, b String)')", "[NULL, 'y']", "tuple(map('k', (1, NULL)))",
    "CAST(toString(number % 3), 'LowCardinality(String)')", "CAST(NULL, 'LowCardinality(Nullable(String))')",
    "CAST([toString(number), 'x'], 'Array(LowCardinality(String))')",
    "CAST([], 'Array(LowCardinality(String))')",
    "CAST(([], 'z'), 'Tuple(Array(LowCardinality(String)), LowCardinality(Nullable(String)))')",
    "CAST(map('a', 'b'), 'Map(LowCardinality(String), LowCardinality(String))')",
]  # fmt: skip


def native(select: str) -> bytes:
    """The engine's own bytes."""
    return bytes(chdb.query(select, "Native").bytes())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_column_between_two_others_keeps_its_bytes(expression: str) -> None:
    select = f"SELECT 'begin' AS a, {expression} AS b, 'end' AS c FROM numbers(9)"
    before = native(select)
    after = b"".join(at_revision([before]))
    assert after.startswith(INFO)
    # One byte for each column, the info, and nothing else is new.
    assert len(after) == len(before) + len(INFO) + 3
    # The last column follows the second one's bytes.
    tail = b"\x01c\x06String\x00" + b"\x03end" * 9
    assert after.endswith(tail)


def test_pieces_may_be_cut_anywhere() -> None:
    before = native("SELECT number, toString(number) AS s, range(number % 5) AS r FROM numbers(300)")
    whole = b"".join(at_revision([before]))
    assert b"".join(at_revision(bytes([byte]) for byte in before)) == whole
    assert b"".join(at_revision([before, before])) == whole + whole


def test_an_answer_that_ends_within_a_block_is_an_error() -> None:
    before = native("SELECT toString(number) AS s FROM numbers(300)")
    with pytest.raises(ValueError, match="ended within a block"):
        list(at_revision([before[:-1]]))


def test_a_type_whose_end_cannot_be_told_is_named() -> None:
    with pytest.raises(UnknownColumn, match="Dynamic"):
        list(at_revision([native("SELECT 1::Dynamic AS d")]))
