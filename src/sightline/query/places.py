"""Where someone may want to go: traces by the beginning of their id, sessions, users and models by name.

Bounded in time and in what is looked through: the last 30 days. What takes longer is left out and said so.
"""

from __future__ import annotations

import asyncio
import re

from sightline.query.statements import statement
from sightline.records.places import Places
from sightline.store.rows import Limits, QueryTimeout, QueryTooLarge, Rows
from sightline.store.store import Store

MOST = 5
SHORTEST_NAME, SHORTEST_ID, LONGEST = 2, 8, 200
# Someone waits for the next letter.
_BOUNDS = Limits(seconds=1.5, memory=512 << 20)
_BACK = 30 * 86_400 * 10**9
_ID = re.compile(rf"[0-9a-f]{{{SHORTEST_ID},32}}")


async def places(store: Store, project: str, text: str, now: int) -> Places:
    """What of a project has this text in its name or, of traces, at the beginning of the id; `now` in ns.

    Errors of the store other than its bounds pass through.
    """
    text = text.strip()[:LONGEST]
    if len(text) < SHORTEST_NAME:
        return Places()
    since = max(0, now - _BACK)
    given = {"project": project, "since": since, "most": MOST}
    lowered = text.lower()
    ids = {**given, "prefix": lowered} if _ID.fullmatch(lowered) else None
    traces, names = await asyncio.gather(
        _asked(store, "places_traces", ids), _asked(store, "places_names", {**given, "text": text})
    )
    found: dict[str, list[str]] = {}
    for source, value in names.rows if names else ():
        found.setdefault(str(source), []).append(str(value))
    sessions, users, models = (tuple(found.get(source, ())) for source in ("session", "user", "model"))
    ids_found = tuple(str(row[0]) for row in traces.rows) if traces else ()
    return Places(ids_found, sessions, users, models, cut=names is None or traces is None)


async def _asked(store: Store, name: str, parameters: dict[str, object] | None) -> Rows | None:
    """The rows; none where nothing has to be asked, None where it took too long."""
    if parameters is None:
        return Rows((), (), [])
    try:
        return await store.fetch(statement(name), parameters, limits=_BOUNDS, purpose="places")
    except (QueryTimeout, QueryTooLarge):
        return None
