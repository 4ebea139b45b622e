"""Which pages are of which sites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.control import origins
from sightline.control.errors import InvalidValue

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOST = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
PORT = st.one_of(st.just(""), st.integers(1, 65_535).map(lambda p: f":{p}"))
SCHEME = st.sampled_from(["http", "https"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://app.example", "https://app.example"),
        (" HTTPS://App.Example:443/ ", "https://app.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://app.example:443", "http://app.example:443"),
        ("http://app.example:80", "http://app.example"),
        ("https://*.example.com", "https://*.example.com"),
        ("http://*.localhost:5173", "http://*.localhost:5173"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://192.168.1.7:8080", "http://192.168.1.7:8080"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://*.bücher.example:8443", "https://*.xn--bcher-kva.example:8443"),
        ("*", "*"),
    ],
)
def test_as_it_is_kept(text: str, kept: str) -> None:
    assert origins.written(text) == kept
    assert origins.written(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "app.example", "https://", "https://app.example/path", "https://app.example?x", "null", "",
        "https://user@app.example", "https://app.example:99999", "https://app.example:x", "https://*",
        "https://*.*.example", "https://a.*.example", "https://*app.example", "file:///x", "https://a..b",
        "https://a b", "https://app.example\nhttps://evil.example", "https://" + "a" * 300, "**",
        "https://ü" + "ü" * 300,
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"expected one such as https://app\.example"):
        origins.written(text)


def test_a_whole_top_level_is_no_site() -> None:
    with pytest.raises(InvalidValue, match=r"every site under 'com'.*https://\*\.example\.com"):
        origins.written("https://*.com")


def test_lists() -> None:
    assert origins.all_written(["https://a.example ", "", "https://A.example/", "*"]) == (
        "https://a.example",
        "*",
    )
    with pytest.raises(InvalidValue, match="needs the origins of the pages"):
        origins.all_written(["", " "])
    with pytest.raises(InvalidValue, match="takes 50 origins, not 51"):
        origins.all_written(f"https://a{i}.example" for i in range(51))


@pytest.mark.parametrize(
    ("origin", "pattern", "fits"),
    [
        ("https://app.example", "https://app.example", True),
        ("https://APP.example:443", "https://app.example", True),
        ("http://app.example", "https://app.example", False),
        ("https://app.example:8443", "https://app.example", False),
        ("https://app.example.evil.example", "https://app.example", False),
        ("https://evilapp.example", "https://app.example", False),
        ("https://a.example.com", "https://*.example.com", True),
        ("https://a.b.example.com", "https://*.example.com", True),
        ("https://example.com", "https://*.example.com", False),
        ("https://evilexample.com", "https://*.example.com", False),
        ("https://a.example.com:8443", "https://*.example.com", False),
        ("http://a.example.com", "https://*.example.com", False),
        ("https://*.example.com", "https://*.example.com", False),
        ("https://a.example.com@evil.example", "https://*.example.com", False),
        ("https://evil.example/.example.com", "https://*.example.com", False),
        ("https://evil.example#.example.com", "https://*.example.com", False),
        ("https://evil.example\\.example.com", "https://*.example.com", False),
        ("null", "*", False),
        ("", "*", False),
        (None, "*", False),
        ("*", "*", False),
        ("https://anything.example", "*", True),
        ("https://a.example, https://b.example", "*", False),
    ],
)
def test_who_is_let_in(origin: str | None, pattern: str, fits: bool) -> None:
    assert origins.allowed(origin, frozenset({pattern})) is fits


@given(SCHEME, HOST, PORT)
def test_an_origin_is_of_its_own_site_and_of_the_names_above(scheme: str, host: str, port: str) -> None:
    origin = f"{scheme}://{host}{port}"
    assert origins.allowed(origin, {origins.written(origin)})
    labels = host.split(".")
    for at in range(1, len(labels)):
        above = ".".join(labels[at:])
        if "." in above:
            assert origins.allowed(origin, {origins.written(f"{scheme}://*.{above}{port}")})
    assert not origins.allowed(origin, {origins.written(f"{scheme}://*.{host}{port}")})


@given(st.text(max_size=300), HOST)
def test_no_text_is_let_in_that_is_not_of_the_site(text: str, host: str) -> None:
    if origins.allowed(text, {f"https://*.{host}"}):
        assert text.strip().lower().removesuffix(":443").endswith(f".{host}")
    for origin in (f"https://{text}", f"https://{text}.{host}", f"https://{host}{text}"):
        if origins.allowed(origin, {f"https://{host}"}):
            assert origin.strip().lower() == f"https://{host}" or int(origin.rpartition(":")[2]) == 443
