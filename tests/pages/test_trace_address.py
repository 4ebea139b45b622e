from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.pages.trace_address import TABS, VIEWS, Asked, Zoom, misread, read, zoom

IDS = st.frozensets(
    st.from_regex(r"[0-9a-f]{16}(-[0-9a-f]{8})?", fullmatch=True) | st.just("all"), max_size=5
)


@given(
    st.builds(
        Asked,
        base=st.just("/p/default/traces/ab"),
        span=st.from_regex(r"([0-9a-f]{16})?", fullmatch=True),
        tab=st.sampled_from(("", *TABS)),
        start=st.integers(0, 99_999_999),
        exact=st.booleans(),
        view=st.sampled_from(VIEWS),
        open=IDS,
        fold=IDS,
        zoom=st.none() | st.tuples(st.integers(0, 10**18), st.integers(1, 10**18)).map(
            lambda t: Zoom(t[0], t[0] + t[1])
        ),
        find=st.text(max_size=40).map(str.strip),
    )
)  # fmt: skip
def test_an_address_is_read_as_it_was_written(asked: Asked) -> None:
    query = dict(parse_qsl(urlsplit(asked.href).query))
    found = read(asked.base, query, {})
    assert found == asked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2s..3.6s", Zoom(1_200_000_000, 3_600_000_000)),
        ("1.2..3.6", Zoom(1_200_000_000, 3_600_000_000)),
        ("250ms..2m", Zoom(250_000_000, 120_000_000_000)),
        ("0s..5us", Zoom(0, 5_000)),
        ("3s..3s", None),
        ("4s..3s", None),
        ("..3s", None),
        ("-1s..3s", None),
        ("1e3..1e4", None),
        ("1s", None),
        ("٣s..9s", None),
    ],
)
def test_a_zoom_is_read_in_any_unit(text: str, expected: Zoom | None) -> None:
    assert zoom(text) == expected


def test_what_is_not_understood_is_named() -> None:
    assert misread({"zoom": "1s..2s", "tab": "raw", "view": "path"}) == ()
    assert len(misread({"zoom": "wide", "tab": "hats", "view": "upside-down"})) == 3
    asked = read("/x", {"open": "<script>.zz.all", "from": "-3", "span": "AB"}, {})
    assert asked == Asked("/x", span="ab", open=frozenset({"all"}))


def test_folding_goes_back_and_forth() -> None:
    plain = Asked("/x")
    folded = read("/x", dict(parse_qsl(urlsplit(plain.toggled("ab", True)).query)), {})
    assert folded.fold == {"ab"}
    assert read("/x", dict(parse_qsl(urlsplit(folded.toggled("ab", False)).query)), {}) == plain
    opened = read("/x", dict(parse_qsl(urlsplit(plain.toggled("cd", False)).query)), {})
    assert opened.open == {"cd"}
    assert read("/x", dict(parse_qsl(urlsplit(opened.toggled("cd", True)).query)), {}) == plain
    assert replace(plain, span="ab").toggled("cd", True, "ef").endswith("span=ef&fold=cd")
