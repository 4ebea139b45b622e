"""Content encodings: gzip, deflate (zlib or raw), zstd and identity, never past a cap on the unpacked size.

Every step of the decompressors is given the room that is left, so a bomb allocates at most the cap.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

from sightline.wire.refusals import BadRequest, TooLarge, Unsupported

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPTED = "gzip, deflate, zstd, identity"
_WINDOW = 2**20
_MAX_MEMBERS = 1000  # gzip members or zstd frames in one body; each costs a decompressor of its own
_MAX_LAYERS = 2
_ZSTD_WINDOW_LOG = 26  # 64 MiB: the largest window a decompressor may reserve


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its `Content-Encoding` (a comma-separated list, applied last first).

    `limit` is the most bytes any layer may unpack to. Raises TooLarge beyond it, Unsupported for an encoding
    other than those in ACCEPTED, and BadRequest for damaged or truncated data.
    """
    names = [name.strip().lower() for name in encoding.split(",")]
    layers = [name for name in names if name not in ("", "identity")]
    if len(layers) > _MAX_LAYERS:
        raise Unsupported(
            f"content-encoding {encoding[:80]!r} has {len(layers)} layers, at most {_MAX_LAYERS} are taken"
        )
    for name in reversed(layers):
        body = _layer(body, name, limit)
    if len(body) > limit:
        raise TooLarge(f"the body is {len(body)} bytes, at most {limit} are taken (http.max_body)")
    return body


def _layer(body: bytes, name: str, limit: int) -> bytes:
    if name in ("gzip", "x-gzip"):
        return _members(body, "gzip", limit, lambda: zlib.decompressobj(31))
    if name == "zstd":
        options = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG}
        return _members(body, "zstd", limit, lambda: zstd.ZstdDecompressor(options=options))
    if name == "deflate":
        return _deflate(body, limit)
    raise Unsupported(f"content-encoding {name[:40]!r} is not understood; send one of: {ACCEPTED}")


def _deflate(body: bytes, limit: int) -> bytes:
    """`deflate` means zlib's wrapper, but some senders leave the wrapper out."""
    wrapped = len(body) >= 2 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0
    if wrapped:
        try:
            return _members(body, "deflate", limit, lambda: zlib.decompressobj(15))
        except BadRequest:
            pass  # a raw stream may begin with the same two bytes
    return _members(body, "deflate", limit, lambda: zlib.decompressobj(-15))


def _members(body: bytes, name: str, limit: int, make: Callable[[], _Decompressor]) -> bytes:
    """All members (gzip) or frames (zstd) of a body, one after the other."""
    pieces: list[bytes] = []
    total = at = 0
    for _ in range(_MAX_MEMBERS):
        decompressor = make()
        while not decompressor.eof:
            window = body[at : at + _WINDOW]
            if not window:
                raise BadRequest(f"the {name} body ends after {len(body)} bytes in the middle of its stream")
            try:
                piece = decompressor.decompress(window, limit + 1 - total)
            except (zlib.error, zstd.ZstdError) as error:
                raise BadRequest(f"the {name} body is damaged near byte {at}: {error}") from None
            total += len(piece)
            if total > limit:
                raise TooLarge(f"the {name} body unpacks to more than {limit} bytes (http.max_body)")
            pieces.append(piece)
            at += len(window) - len(decompressor.unused_data)
        padded = name == "gzip" and body[at : at + 1] == b"\0" and not body[at:].strip(b"\0")
        if at == len(body) or padded:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if name == "deflate":
            raise BadRequest(f"the deflate body ends at byte {at}, but {len(body)} bytes were sent")
    raise BadRequest(f"the {name} body has more than {_MAX_MEMBERS} members")
