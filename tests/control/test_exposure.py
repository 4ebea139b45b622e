from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.control.exposure import (
    exposure_error,
    host_allowed,
    is_loopback,
    origin_allowed,
    passed_on_by,
)

LOOPBACK = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "[::1]",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "localhost",
    "LocalHost",
    "localhost.",
    "sightline.localhost",
]
ELSEWHERE = [
    "",
    "0.0.0.0",
    "::",
    "[::]",
    "*",
    "10.0.0.7",
    "fe80::1",
    "::ffff:10.0.0.7",
    "sight.example",
    "127.1",
]
FOREIGN = [
    "evil.example",
    "evil.example:4318",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example#127.0.0.1",
    "evil.example@127.0.0.1",
    "127.0.0.1:4318:80",
    "127.0.0.1 evil.example",
    "",
    "10.0.0.7:4318",
    "[::2]:4318",
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_needs_no_keys(host: str) -> None:
    assert is_loopback(host)
    assert exposure_error(host, has_keys=False, insecure=False) is None


@pytest.mark.parametrize("host", ELSEWHERE)
def test_elsewhere_is_refused_with_the_command_that_fixes_it(host: str) -> None:
    assert not is_loopback(host)
    refusal = exposure_error(host, has_keys=False, insecure=False)
    assert refusal is not None
    assert "sightline keys create --project default --scope admin" in refusal
    assert "--insecure" in refusal
    assert exposure_error(host, has_keys=True, insecure=False) is None
    assert exposure_error(host, has_keys=False, insecure=True) is None


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "[::]"])
def test_everywhere_is_said_in_words(host: str) -> None:
    assert "every address of this machine" in str(exposure_error(host, has_keys=False, insecure=False))


@pytest.mark.parametrize(
    "host", [f"{h}:4318" for h in LOOPBACK if ":" not in h] + ["localhost", "[::1]:4318", "[::1]"]
)
def test_a_browser_reaches_loopback_by_its_names(host: str) -> None:
    assert host_allowed(host, "127.0.0.1", ())


@pytest.mark.parametrize("host", FOREIGN)
def test_a_rebound_name_is_refused(host: str) -> None:
    assert not host_allowed(host, "127.0.0.1", ())
    assert not host_allowed(host, "", ())


def test_further_names_are_allowed_one_by_one() -> None:
    assert host_allowed("Sight.Example:443", "127.0.0.1", ("sight.example",))
    assert not host_allowed("sub.sight.example", "127.0.0.1", ("sight.example",))
    assert host_allowed("10.0.0.7:4318", "10.0.0.7", ())
    assert host_allowed("[fe80::1]:4318", "fe80::1", ())
    assert host_allowed("whatever", "127.0.0.1", ("*",))
    assert host_allowed(None, "127.0.0.1", ()), "only programs send no Host"


@pytest.mark.parametrize("host", [None, "127.0.0.1:4318", "localhost", "10.0.0.7:4318", "sight.example"])
def test_behind_a_proxy_only_allowed_names_count(host: str | None) -> None:
    assert not host_allowed(host, "10.0.0.7", ("other.example",), passed_on=True)
    assert host_allowed(host, "10.0.0.7", ("*",), passed_on=True)
    named = ("127.0.0.1", "localhost", "10.0.0.7", "sight.example")
    assert host_allowed(host, "10.0.0.7", named, passed_on=True) == (host is not None)


def test_what_proxies_add_is_noticed() -> None:
    assert passed_on_by({"host": "127.0.0.1", "x-forwarded-for": "127.0.0.1"}) == "x-forwarded-for"
    assert passed_on_by({"host": "127.0.0.1", "user-agent": "forwarded"}) is None


def test_a_page_of_the_server_itself_may() -> None:
    for own in ("127.0.0.1:4318", "localhost:4318", "[::1]:4318"):
        assert origin_allowed(f"http://{own}", own, ())
    assert origin_allowed("https://sight.example", "sight.example", ()), "behind a proxy that ends TLS"
    assert origin_allowed(None, "127.0.0.1:4318", ())


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:8000",
        "http://localhost:4318",
        "http://127.0.0.1:4318.evil.example",
        "http://evil.example@127.0.0.1:4318",
        "null",
        "",
        "chrome-extension://abcdef",
        "file://",
    ],
)
def test_a_page_of_another_site_may_not(origin: str) -> None:
    assert not origin_allowed(origin, "127.0.0.1:4318", ())
    assert not origin_allowed(origin, None, ())


def test_origins_are_allowed_one_by_one() -> None:
    assert origin_allowed("https://app.example", "127.0.0.1:4318", ("https://app.example/",))
    assert not origin_allowed("http://app.example", "127.0.0.1:4318", ("https://app.example",))
    assert origin_allowed("null", "127.0.0.1:4318", ("*",))


@given(st.text(), st.text())
def test_any_text_gets_an_answer(host: str, other: str) -> None:
    is_loopback(host)
    exposure_error(host, False, False)
    host_allowed(host, other, ())
    origin_allowed(host, other, ())


@given(st.from_regex(r"[a-z0-9.-]{1,40}", fullmatch=True))
def test_no_name_under_a_foreign_domain_passes(prefix: str) -> None:
    assert not host_allowed(f"{prefix}.evil.example", "127.0.0.1", ())
    assert not origin_allowed(f"http://{prefix}.evil.example:4318", "127.0.0.1:4318", ())


def test_the_command_works_on_the_same_database() -> None:
    refusal = exposure_error("0.0.0.0", False, False, options="--data /srv/sightline")
    assert "sightline keys create --project default --scope admin --data /srv/sightline;" in str(refusal)
