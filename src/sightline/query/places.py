"""Where someone may want to go: traces by the beginning of their id, sessions, users and models by name.

Bounded in time and in what is looked through: of the last day, and where that has none, of the last 30. What
takes longer is left out and said so.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from sightline.query.statements import statement
from sightline.records.places import Places
from sightline.store.rows import Limits, QueryTimeout, QueryTooLarge
from sightline.store.store import Store

MOST = 5
SHORTEST_NAME, SHORTEST_ID, LONGEST = 2, 8, 200
# Someone waits for the next letter.
_BOUNDS = Limits(seconds=1.5, memory=512 << 20)
_DAY = 86_400 * 10**9
_BACK = (1, 30)
_NAMES = ("places_sessions", "places_users", "places_models")
_ID = re.compile(rf"[0-9a-f]{{{SHORTEST_ID},32}}")


async def places(store: Store, project: str, text: str, now: int) -> Places:
    """What of a project has this text in its name or, of traces, at the beginning of the id; `now` in ns.

    Errors of the store other than its bounds pass through.
    """
    text = text.strip()[:LONGEST]
    if len(text) < SHORTEST_NAME:
        return Places()
    lowered = text.lower()
    given = {"project": project, "text": text, "now": now}
    asked = [_latest(store, name, given) for name in _NAMES]
    if _ID.fullmatch(lowered):
        asked.append(_latest(store, "places_traces", {**given, "text": lowered}))
    sessions, users, models, *traces = await asyncio.gather(*asked)
    found = traces[0] if traces else ()
    return Places(
        found or (), sessions or (), users or (), models or (), None in (sessions, users, models, found)
    )


async def _latest(store: Store, name: str, given: dict[str, Any]) -> tuple[str, ...] | None:
    """The names of the last day, or of the last 30; None where it took too long."""
    for days in _BACK:
        since = max(0, given["now"] - days * _DAY)
        try:
            answer = await store.fetch(
                statement(name),
                {"project": given["project"], "text": given["text"], "since": since, "most": MOST},
                limits=_BOUNDS,
                purpose="places",
            )
        except (QueryTimeout, QueryTooLarge):
            return None
        if answer.rows:
            return tuple(str(row[0]) for row in answer.rows)
    return ()
