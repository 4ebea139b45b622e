"""Every encoding round-trips; damage is a clear 400, a bomb a 413 that never takes more than the cap."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.wire.refusals import BadRequest, Refused, TooLarge, Unsupported
from sightline.wire.unpack import unpack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 100_000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("GZIP", lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:])),
    ("x-gzip", lambda data: gzip.compress(data) + b"\0" * 512),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("zstd", zstd.compress),
    ("zstd", lambda data: zstd.compress(data[:5]) + zstd.compress(data[5:])),
    ("identity", bytes),
    ("", bytes),
    ("gzip, zstd", lambda data: zstd.compress(gzip.compress(data))),
]


@given(st.binary(max_size=2000))
@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
def test_what_was_packed_comes_out(encoding: str, pack: Callable[[bytes], bytes], data: bytes) -> None:
    assert unpack(pack(data), encoding, LIMIT) == data


@pytest.mark.parametrize(("encoding", "pack"), PACKERS)
def test_exactly_the_limit_passes_and_one_more_does_not(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    assert len(unpack(pack(b"a" * LIMIT), encoding, LIMIT)) == LIMIT
    with pytest.raises(TooLarge, match=r"http\.max_body"):
        unpack(pack(b"a" * (LIMIT + 1)), encoding, LIMIT)


@pytest.mark.parametrize(("encoding", "pack"), [p for p in PACKERS if p[0] not in ("", "identity")])
def test_a_bomb_takes_no_more_memory_than_the_cap(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    bomb, cap = pack(b"\0" * 50_000_000), 2**20
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            unpack(bomb, encoding, cap)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * cap + len(bomb)


@pytest.mark.parametrize(("encoding", "pack"), [p for p in PACKERS if p[0] not in ("", "identity")])
def test_a_truncated_body_is_refused(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(BadRequest, match=r"ends|damaged"):
        unpack(pack(bytes(range(256)) * 20).rstrip(b"\0")[:-9], encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_garbage_is_refused_with_the_encoding_named(encoding: str) -> None:
    with pytest.raises(BadRequest, match=encoding):
        unpack(b"this was never packed", encoding, LIMIT)
    with pytest.raises(BadRequest, match=encoding):
        unpack(b"", encoding, LIMIT)


def test_garbage_behind_a_good_member_is_refused() -> None:
    with pytest.raises(BadRequest, match="damaged"):
        unpack(gzip.compress(b"good") + b"bad", "gzip", LIMIT)
    with pytest.raises(BadRequest, match="deflate"):
        unpack(zlib.compress(b"good") + b"bad", "deflate", LIMIT)


def test_thousands_of_members_are_refused() -> None:
    with pytest.raises(BadRequest, match="1000 members"):
        unpack(gzip.compress(b"") * 1001, "gzip", LIMIT)


def test_an_unknown_encoding_names_those_that_are_taken() -> None:
    with pytest.raises(Unsupported, match="gzip, deflate, zstd"):
        unpack(b"", "br", LIMIT)
    with pytest.raises(Unsupported, match="layers"):
        unpack(b"", "gzip,gzip,gzip", LIMIT)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "zstd"]))
def test_no_other_exception_escapes(data: bytes, encoding: str) -> None:
    for body in (data, b"\x1f\x8b\x08" + data, b"\x28\xb5\x2f\xfd" + data, b"\x78\x9c" + data):
        try:
            unpack(body, encoding, LIMIT)
        except Refused as refusal:
            assert str(refusal)
