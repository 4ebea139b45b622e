"""How often one may ask: the bucket alone, and in front of the API and ClickHouse's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.api_server import Server, around, is_problem, make_key

from sightline.api.limits import RateLimits
from sightline.records.access import Scope
from sightline.settings import ApiSettings, StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Store, embedded_url

S = 10**9


@dataclass
class Clock:
    now: int = 1_764_000_000 * S

    def __call__(self) -> int:
        return self.now


@given(
    st.integers(1, 20),
    st.integers(1, 30),
    st.lists(st.integers(-2 * S, 3 * S), min_size=1, max_size=80),
)
def test_never_more_than_the_rate_and_the_burst(rate: int, burst: int, pauses: list[int]) -> None:
    clock = Clock()
    limits = RateLimits(ApiSettings(rate=rate, burst=burst), clock)
    passed, allowed = 0, 0
    for pause in pauses:
        clock.now += pause
        passed += max(0, pause)
        verdict = limits.take("one")
        allowed += verdict.allowed
        assert verdict.allowed or verdict.wait >= 1
    assert allowed <= burst + passed / S * rate + 1e-6


@given(st.integers(1, 20), st.integers(1, 30))
def test_who_waits_as_told_may_go_on(rate: int, burst: int) -> None:
    clock = Clock()
    limits = RateLimits(ApiSettings(rate=rate, burst=burst), clock)
    assert all(limits.take("one").allowed for _ in range(burst))
    verdict = limits.take("one")
    assert not verdict.allowed and verdict.headers["Retry-After"] == str(verdict.wait)
    assert limits.take("another").allowed
    clock.now += verdict.wait * S
    assert limits.take("one").allowed


def test_what_is_told() -> None:
    clock = Clock()
    limits = RateLimits(ApiSettings(rate=2, burst=10), clock)
    told = limits.take("one").headers
    assert told == {"RateLimit-Policy": '"requests";q=10;w=5', "RateLimit": '"requests";r=9;t=1'}
    for _ in range(9):
        told = limits.take("one").headers
    assert told["RateLimit"] == '"requests";r=0;t=5'
    assert RateLimits(ApiSettings(rate=0), clock).take("one").headers == {}


def test_memory_is_bounded() -> None:
    clock = Clock()
    limits = RateLimits(ApiSettings(rate=1, burst=2), clock, most=3)
    limits.take("busy")
    for number in range(50):
        limits.take(f"caller {number}")
        limits.take("busy")
    assert limits.callers == 3
    assert not limits.take("busy").allowed  # who goes on asking is not forgotten


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("limits")
    settings = StoreSettings(query_seconds=5.0, query_rows=10)
    store = Store(embedded_url(folder), settings)
    migrate(writer := store.writer())
    writer.close()
    clock = Clock()
    with around(store, folder, settings, clock, RateLimits(ApiSettings(rate=1, burst=3), clock)) as found:
        yield found
    store.close()


def test_each_has_a_bucket_of_its_own(server: Server) -> None:
    for left in (2, 1, 0):
        answer = server.ask("GET", "/health")
        assert answer.status_code == 200
        assert answer.headers["ratelimit"].startswith(f'"requests";r={left};')
    refused = server.ask("GET", "/health")
    problem = is_problem(refused, 429)
    assert problem["detail"] == "Too many requests: 1 a second are allowed, 3 at once. Ask again in 1 s."
    assert refused.headers["retry-after"] == "1"
    assert server.ask("GET", "/openapi.json").status_code == 200  # tells nothing and costs nothing
    key, other = make_key(server, "alpha", Scope.READ), make_key(server, "beta", Scope.READ)
    for _ in range(2):
        assert server.ask("GET", "/health", key=key).status_code == 200
    # The same key, whichever way it asks.
    ask = {"query": "SELECT 1"}
    answer = server.ask("GET", "/clickhouse", key=key, params=ask)
    assert (answer.status_code, answer.text) == (200, "1\n")
    refused = server.ask("GET", "/clickhouse", key=key, params=ask)
    assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
    assert refused.text.startswith("Code: 202. DB::Exception: Too many requests")
    is_problem(server.ask("GET", "/health", key=key), 429)
    assert server.ask("GET", "/health", key=other).status_code == 200
