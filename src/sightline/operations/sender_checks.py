"""Doctor's check of those who send: whether all that they numbered has arrived, and what they dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sightline.operations.client import Server, UnreachableError
from sightline.operations.findings import Finding, ok, warn

_PATH = "/api/v1/senders?since=-24h"
_NAMED = 3
# Worst first.
_LOSSES = ("missing", "dropped")


def senders(server: Server) -> Iterator[Finding]:
    """What the last 24 hours of the key's project have; nothing where it cannot be read."""
    try:
        answer = server.request("GET", _PATH)
    except UnreachableError:
        return
    content = answer.json()
    if answer.status != 200 or not isinstance(content, dict):
        return
    found = [one for one in content.get("senders", ()) if isinstance(one, dict)]
    yield _judged(found, str(content.get("project", "default")))


def _judged(found: Sequence[Mapping[str, Any]], project: str) -> Finding:
    name = "senders"
    told = [(one, account) for one in found for account in (one.get("spans"), one.get("logs")) if account]
    worst = [
        f"{one.get('service') or 'a sender without a name'}: {account['says']}"
        for state in _LOSSES
        for one, account in told
        if account["state"] == state
    ]
    if worst:
        more = f"; and {len(worst) - _NAMED} more" if len(worst) > _NAMED else ""
        todo = f"See /p/{project}/senders: each has its numbers, and the reason where it said one."
        return warn(name, "; ".join(worst[:_NAMED]) + more, todo)
    if not found:
        return ok(name, "nobody sent anything in 24 hours")
    numbered = len({id(one) for one, account in told if account["state"] != "unnumbered"})
    noun = "sender" if len(found) == 1 else "senders"
    if not numbered:
        return ok(name, f"{len(found)} {noun} in 24 hours, none of which numbers what it sends")
    return ok(name, f"nothing is missing of {numbered} of {len(found)} {noun} that number what they send")
