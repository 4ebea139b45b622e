"""Lines of a list out of stored texts: what was asked, what was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from sightline.content.texts import ends
from sightline.query.preview import PIECE, preview_of
from sightline.store.store import Store

_MANY = 40


async def previews(
    store: Store, project: str, questions: Iterable[str], answers: Iterable[str] = ()
) -> dict[str, str]:
    """A line for each text, by hash in lower case; hashes may be empty or in any case of letters."""
    asked = {hash_.lower() for hash_ in questions if hash_}
    answered = {hash_.lower() for hash_ in answers if hash_} - asked
    found = await ends(store, project, asked | answered, PIECE)

    def written() -> dict[str, str]:
        return {h: preview_of(text, "user" if h in asked else "assistant") for h, text in found.items()}

    # A long list takes tens of milliseconds to read; senders must not wait for it.
    return written() if len(found) < _MANY else await asyncio.to_thread(written)
