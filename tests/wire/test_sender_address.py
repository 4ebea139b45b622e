"""Whose address a request is from: nobody is believed who is not named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.wire.sender_address import address_of, networks

PROXIES = networks(["10.0.0.0/8", "2001:db8::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.9", [], "192.0.2.9"),
        ("192.0.2.9", ["198.51.100.1"], "192.0.2.9"),  # no proxy of ours wrote it
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),  # the sender wrote the first itself
        ("10.0.0.1", ["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),  # two proxies of ours
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("2001:db8::1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_address(peer: str, forwarded: list[str], found: str) -> None:
    assert address_of(peer, forwarded, PROXIES) == found


@given(st.lists(st.text(max_size=60), max_size=4))
def test_without_a_trusted_proxy_nothing_is_believed(forwarded: list[str]) -> None:
    assert address_of("10.0.0.1", forwarded, ()) == "10.0.0.1"


@given(st.lists(st.text(max_size=60), max_size=4))
def test_whatever_the_sender_writes_the_last_hop_counts(written: list[str]) -> None:
    assert address_of("10.0.0.1", [*written, "198.51.100.1"], PROXIES) == "198.51.100.1"


def test_a_wrong_network_is_named() -> None:
    with pytest.raises(ValueError, match=r"'proxy\.example' is no address"):
        networks(["10.0.0.1", "proxy.example"])
