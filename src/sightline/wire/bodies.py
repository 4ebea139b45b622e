"""Bodies as they are sent: within their time and size, unpacked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request

from sightline.wire.refusals import BadRequest, TooLarge, TooSlow
from sightline.wire.unpack import unpack

_INLINE = 64 * 2**10  # packed bytes; larger bodies are unpacked in a thread
_LONGEST = 4  # whole body, in units of the longest silence


class Bodies:
    """Reads bodies. `silence`: seconds that a sender may say nothing in the middle of one."""

    def __init__(self, silence: float) -> None:
        self._silence = silence

    async def read(self, request: Request, take: Callable[[int], None], most: int) -> bytes:
        """The unpacked body of at most `most` bytes; `take` is told of bytes as they are held.

        Raises BadRequest, TooLarge, TooSlow and what `take` and `unpack` raise.
        """
        _bound(request.headers.get("content-length"), most)
        packed = await self._received(request, take, most)
        encoding = request.headers.get("content-encoding", "")
        if not encoding:
            return packed
        if len(packed) <= _INLINE:
            body = unpack(packed, encoding, most)
        else:
            body = await asyncio.to_thread(unpack, packed, encoding, most)
        take(len(body) - len(packed))
        return body

    async def _received(self, request: Request, take: Callable[[int], None], most: int) -> bytes:
        """The body as it was sent, within its time and size."""
        silence = self._silence
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST * silence
        chunks: list[bytes] = []
        size = 0
        while True:
            try:
                async with asyncio.timeout_at(min(end, loop.time() + silence)):
                    message = await request.receive()
            except TimeoutError:
                raise TooSlow(
                    f"the body did not arrive in time: {size} bytes so far, at most {silence:g} s of silence "
                    f"and {_LONGEST * silence:g} s in all are waited for (http.body_timeout)"
                ) from None
            if message["type"] == "http.disconnect":
                raise BadRequest(f"the sender went away after {size} bytes of the body")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > most:
                raise TooLarge(f"the body is over {most} bytes (http.max_body); send smaller batches")
            take(len(chunk))
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _bound(length: str | None, most: int) -> None:
    """Refuse early what says itself that it is too large."""
    if length is not None and length.isdecimal() and int(length[:20]) > most:
        raise TooLarge(
            f"the body is {length[:20]} bytes, at most {most} are taken (http.max_body); send smaller batches"
        )
