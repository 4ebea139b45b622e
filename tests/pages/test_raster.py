"""Only pictures of known kinds and of a bearable size are shown."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages_talk import png

from sightline.pages.raster import MAX_BYTES, picture


def coded(body: bytes) -> str:
    return base64.b64encode(body).decode()


def header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\0" * 9


JPEG = b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9 + b"\xff\xc0\x00\x11\x08"
SEEN = ("image/webp", (7, 5))
WEBP = b"RIFF\x00\x00\x00\x00WEBP"


@pytest.mark.parametrize(
    ("body", "mime", "size"),
    [
        (header(7, 5), "image/png", (7, 5)),
        (b"GIF89a" + struct.pack("<HH", 7, 5) + b"\0\0\0", "image/gif", (7, 5)),
        (JPEG + struct.pack(">HH", 5, 7) + b"\0" * 20, "image/jpeg", (7, 5)),
        (WEBP + b"VP8X" + b"\0" * 8 + b"\x06\0\0\x04\0\0" + b"\0" * 8, "image/webp", (7, 5)),
        (WEBP + b"VP8L" + b"\0" * 4 + b"\x2f" + struct.pack("<I", 6 | 4 << 14) + b"\0" * 9, *SEEN),
        (WEBP + b"VP8 " + b"\0" * 10 + struct.pack("<HH", 7, 5) + b"\0" * 9, "image/webp", (7, 5)),
    ],
)  # fmt: skip
def test_known_kinds_tell_their_size(body: bytes, mime: str, size: tuple[int, int]) -> None:
    found = picture(coded(body))
    assert found is not None and (found.mime, (found.width, found.height)) == (mime, size)
    assert found.source == f"data:{mime};base64,{coded(body)}"


def test_a_real_picture_in_any_spelling_of_base64() -> None:
    text = png(20, 10)
    for written in (text, text.rstrip("="), text.replace("+", "-").replace("/", "_"), "\n".join(text)):
        found = picture(written)
        assert found is not None and (found.width, found.height) == (20, 10)


@pytest.mark.parametrize(
    "data",
    [
        "", "x", "!!!", "é", coded(b"<svg onload=alert(1)>"), coded(b"<html>"), coded(b"%PDF-1.4"),
        coded(header(100_000, 1)), coded(header(8_000, 8_000)), coded(header(0, 5)), png(20, 10)[:20],
        coded(header(5, 5) + b"\0" * MAX_BYTES),
    ],
)  # fmt: skip
def test_everything_else_is_no_picture(data: str) -> None:
    assert picture(data) is None


@given(st.binary() | st.builds(lambda a, b: a + b, st.sampled_from([JPEG[:4], WEBP, b"GIF89a"]), st.binary()))
def test_any_bytes_are_answered(body: bytes) -> None:
    found = picture(coded(body))
    assert found is None or found.source.startswith(f"data:{found.mime};base64,")
