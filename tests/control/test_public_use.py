"""How much a public key may send: buckets for the key and for each address, in bounded memory."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.control.public_use import PublicUses, Reason, network_of
from sightline.records.access import PublicLimits

LIMITS = PublicLimits(requests=60, items=600, address_requests=6, address_items=60)
NOW = 1_790_000_000 * 10**9


def uses(clock: Any, most: int = 1000) -> PublicUses:
    return PublicUses(clock, lambda: NOW, most)


def test_an_address_has_its_share_and_the_key_the_whole(clock: Any) -> None:
    found = uses(clock)
    for _ in range(6):
        assert found.take("k", "192.0.2.1", LIMITS).reason is None
    verdict = found.take("k", "192.0.2.1", LIMITS)
    assert (verdict.reason, verdict.wait) == (Reason.ADDRESS, 10)
    assert found.take("other", "192.0.2.1", LIMITS).reason is None
    for i in range(54):
        assert found.take("k", f"192.0.2.{10 + i}", LIMITS).reason is None
    verdict = found.take("k", "192.0.2.200", LIMITS)
    assert (verdict.reason, verdict.wait) == (Reason.RATE, 1)
    clock.advance(1)
    assert found.take("k", "192.0.2.200", LIMITS).reason is None
    assert found.take("k", "192.0.2.200", LIMITS).reason is Reason.RATE


def test_what_is_refused_takes_nothing(clock: Any) -> None:
    found = uses(clock)
    for _ in range(6):
        found.take("k", "192.0.2.1", LIMITS)
    for _ in range(1000):
        assert found.take("k", "192.0.2.1", LIMITS).reason is Reason.ADDRESS
    assert found.take("k", "192.0.2.2", LIMITS).reason is None, "one visitor does not use up everybody's"


def test_items_are_counted_apart(clock: Any) -> None:
    found = uses(clock)
    assert found.take("k", "192.0.2.1", LIMITS, 60).reason is None
    verdict = found.take("k", "192.0.2.1", LIMITS, 30)
    assert (verdict.reason, verdict.wait) == (Reason.ADDRESS, 30)
    assert found.take("k", "192.0.2.1", LIMITS).reason is None
    clock.advance(30)
    assert found.take("k", "192.0.2.1", LIMITS, 30).reason is None


def test_limits_that_change_hold_at_once(clock: Any) -> None:
    found = uses(clock)
    for _ in range(6):
        found.take("k", "192.0.2.1", LIMITS)
    more = PublicLimits(requests=60, items=600, address_requests=120, address_items=60)
    clock.advance(1)
    assert [found.take("k", "192.0.2.1", more).reason for _ in range(3)] == [None, None, Reason.ADDRESS]
    less = PublicLimits(requests=60, items=600, address_requests=1, address_items=60)
    clock.advance(3600)
    assert [found.take("k", "192.0.2.1", less).reason for _ in range(2)] == [None, Reason.ADDRESS]


def test_a_clock_that_goes_back_takes_nothing_away(clock: Any) -> None:
    found = uses(clock)
    assert found.take("k", "192.0.2.1", LIMITS).reason is None
    clock.advance(-100)
    assert found.take("k", "192.0.2.1", LIMITS).reason is None


def test_a_flood_from_many_addresses_takes_bounded_memory(clock: Any) -> None:
    found = uses(clock, most=100)
    taken = sum(
        found.take("k", f"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}", LIMITS).reason is None
        for i in range(50_000)
    )
    assert found.addresses == 100
    assert taken == 60, "however many addresses there are, the key takes its own rate"


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 20), st.integers(0, 80)), max_size=80))
def test_never_more_than_a_minutes_worth_and_what_came_since(steps: list[tuple[int, float, int]]) -> None:
    at = [0]
    found = PublicUses(lambda: at[0], lambda: NOW)
    requests = dict.fromkeys(range(4), 0)
    items = dict(requests)
    for address, pause, count in steps:
        at[0] += int(pause * 1e9)
        if found.take("k", f"192.0.2.{address}", LIMITS).reason is None:
            requests[address] += 1
            if found.take("k", f"192.0.2.{address}", LIMITS, count).reason is None:
                items[address] += count
    minutes = 1 + at[0] / 60e9 + 1e-6
    assert sum(requests.values()) <= LIMITS.requests * minutes
    assert sum(items.values()) <= LIMITS.items * minutes
    assert all(count <= LIMITS.address_requests * minutes for count in requests.values())
    assert all(count <= LIMITS.address_items * minutes for count in items.values())


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_who_counts_as_one(address: str, network: str) -> None:
    assert network_of(address) == network


def test_what_was_refused_is_told(clock: Any) -> None:
    found = uses(clock)
    found.accepted("k")
    found.refused("k", Reason.ORIGIN, "https://evil.example")
    found.refused("k", Reason.ORIGIN, "<script>" * 100)
    found.refused("k", Reason.RATE, None)
    found.accepted("other")
    first, second = found.uses()
    assert (first.key_id, first.accepted, first.refusals) == ("k", 1, 3)
    assert first.refused == {Reason.ORIGIN: 2, Reason.RATE: 1}
    assert (first.at, first.origin, first.reason) == (NOW, "", Reason.RATE)
    assert (second.key_id, second.accepted, second.at) == ("other", 1, None)
    found.refused("k", Reason.ORIGIN, "x" * 5000)
    assert len(found.uses()[-1].origin) == 200
