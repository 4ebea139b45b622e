from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.catalog.values import as_bool, as_float, as_int, as_list, as_type, double_text, text
from sightline.catalog.vocabulary import FieldType


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (False, "false"),
        (3.0, "3.0"),
        (1e16, "10000000000000000.0"),
        (1e21, "1e21"),
        (1.5e-7, "1.5e-7"),
        (1e-05, "0.00001"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        ("", None),
        (" \t\n", None),
        (" x ", " x "),
        (None, None),
        ([], None),
        ({}, None),
        (b"", None),
        (b"\x00\xff", "AP8="),
        ([1, "ü", None, math.inf, {"a": b"\x00"}], '[1,"ü",null,"inf",{"a":"AA=="}]'),
    ],
)
def test_text_of_a_value(value: Any, said: str | None) -> None:
    assert text(value) == said


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (-1, None),
        (True, None),
        (40.0, 40),
        (40.5, None),
        (-0.0, None),
        (math.inf, None),
        (9e18, None),
        ("12", 12),
        (" 7 ", 7),
        ("40.0", 40),
        ("0.53", None),
        ("-3", None),
        ("1e3", None),
        ("9" * 19, None),
        ("٣", None),
        ([1], None),
        ("", None),
    ],
)
def test_int(value: Any, count: int | None) -> None:
    assert as_int(value) == count


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0),
        (0.0, 0.0),
        (math.nan, None),
        (" 1.5e-3 ", 0.0015),
        ("1e999", None),
        ("nan", None),
        (".5", None),
        ("5.", 5.0),
        (True, None),
        ("1_0", None),
    ],
)
def test_float(value: Any, number: float | None) -> None:
    assert as_float(value) == number


@pytest.mark.parametrize(
    ("value", "truth"),
    [(True, True), (0, False), (2, None), ("True", True), ("false", False), ("yes", None), (1.0, None)],
)
def test_bool(value: Any, truth: bool | None) -> None:
    assert as_bool(value) is truth


@pytest.mark.parametrize(
    ("value", "listed"),
    [
        (["a", " b ", "", None, 3, True], ("a", "b", "3", "true")),
        ("a", ("a",)),
        ('["a", 1]', ("a", "1")),
        ("[broken", ("[broken",)),
        (["\n"], ("\n",)),
        ([], None),
        ("[]", None),
        ({"a": 1}, ('{"a":1}',)),
        ({}, None),
        (b"", None),
        (None, None),
    ],
)
def test_list(value: Any, listed: tuple[str, ...] | None) -> None:
    assert as_list(value) == listed


def test_content_is_kept_byte_exact_and_other_text_is_trimmed() -> None:
    assert as_type(FieldType.STR, "  x ", content=True) == "  x "
    assert as_type(FieldType.STR, "  x ", content=False) == "x"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_reads_back_from_its_text(value: float) -> None:
    assert float(double_text(value)) == value
