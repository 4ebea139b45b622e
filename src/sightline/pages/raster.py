"""Pictures that may be shown: bytes of a known raster type, of a size that no reader's machine minds. Pure.

Nothing is decoded here; the browser does that. A picture's own header says how large it would become.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

MAX_BYTES = 512_000
MAX_SIDE = 8_192
MAX_PIXELS = 24_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a page shows it: `source` is a data URL, width and height are its own, in pixels."""

    source: str
    mime: str
    width: int
    height: int
    size: int


def picture(data: str) -> Picture | None:
    """The picture of a base64 text; None when it is none of the known types, broken, or too large."""
    if len(data) > MAX_BYTES * 4 // 3 + 8:
        return None
    try:
        plain = "".join(data.split()).replace("-", "+").replace("_", "/").rstrip("=")
        body = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    found = _png(body) or _gif(body) or _webp(body) or _jpeg(body)
    if found is None:
        return None
    mime, width, height = found
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        return None
    source = f"data:{mime};base64,{base64.b64encode(body).decode()}"
    return Picture(source, mime, width, height, len(body))


def _png(body: bytes) -> tuple[str, int, int] | None:
    if body[:8] != b"\x89PNG\r\n\x1a\n" or body[12:16] != b"IHDR" or len(body) < 24:
        return None
    return "image/png", int.from_bytes(body[16:20]), int.from_bytes(body[20:24])


def _gif(body: bytes) -> tuple[str, int, int] | None:
    if body[:6] not in (b"GIF87a", b"GIF89a") or len(body) < 10:
        return None
    return "image/gif", int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")


def _webp(body: bytes) -> tuple[str, int, int] | None:
    if body[:4] != b"RIFF" or body[8:12] != b"WEBP" or len(body) < 30:
        return None
    kind = body[12:16]
    if kind == b"VP8X":
        return (
            "image/webp",
            int.from_bytes(body[24:27], "little") + 1,
            int.from_bytes(body[27:30], "little") + 1,
        )
    if kind == b"VP8L":
        bits = int.from_bytes(body[21:25], "little")
        return "image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = int.from_bytes(body[26:28], "little"), int.from_bytes(body[28:30], "little")
        return "image/webp", width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(body: bytes) -> tuple[str, int, int] | None:
    """The frame header stands behind other segments, each of which says its length."""
    if body[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 < len(body) and body[at] == 0xFF:
        marker = body[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = int.from_bytes(body[at + 5 : at + 7]), int.from_bytes(body[at + 7 : at + 9])
            return "image/jpeg", width, height
        at += 2 + max(2, int.from_bytes(body[at + 2 : at + 4]))
    return None
