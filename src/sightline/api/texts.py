"""Full text: where words were found, and one stored text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sightline.api import shapes
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import PROJECT, SELECTED, limit, selection, told
from sightline.api.problems import Problem
from sightline.query.search import MOST, search
from sightline.query.selection import Target
from sightline.query.traces import contents
from sightline.records.access import Scope
from sightline.records.hits import Excerpt, SpanHit
from sightline.records.trace import ContentRef

HITS = 50
_HASH = re.compile(r"[0-9a-fA-F]{32}")
_BYTES, _MOST_BYTES = 2**20, 32 * 2**20


async def find_texts(call: Call) -> Mapping[str, Any]:
    """The latest spans that match, each with the places that say it."""
    chosen = selection(call, Target.SPANS)
    hits = await search(call.services.store, chosen, limit=call.number("limit", HITS, MOST))
    return {**told(chosen), "hits": [_hit(hit) for hit in hits]}


def _hit(hit: SpanHit) -> dict[str, Any]:
    return {
        "trace_id": hit.trace_id,
        "span_id": hit.span_id,
        "name": hit.name,
        "kind": hit.kind,
        "start_time": iso(hit.start_time),
        "places": [
            {"field": place.field, "hash": place.hash or None, **_excerpt(place.excerpt)}
            for place in hit.places
        ],
    }


def _excerpt(excerpt: Excerpt) -> dict[str, Any]:
    return {
        "text": excerpt.text,
        "marks": excerpt.ranges,
        "before": excerpt.before,
        "after": excerpt.after,
    }


async def one_content(call: Call) -> Mapping[str, Any]:
    """A stored text of the project by its hash."""
    hash_ = call.request.path_params["hash"].lower()
    if not _HASH.fullmatch(hash_):
        raise Problem(404, f"{hash_[:80]!r} is not a content's hash; it is 32 hexadecimal digits.")
    most = call.number("limit", _BYTES, _MOST_BYTES)
    [found] = await contents(call.services.store, call.project, [ContentRef("", hash_, 0)], limit=most)
    if found.text is None:
        raise Problem(404, f"Project {call.project} has no content {hash_}; it may have expired.")
    return {"project": call.project, "hash": hash_, "text": found.text, "truncated": found.truncated}


_PLACE = shapes.record(
    field={**shapes.TEXT, "description": "`name`, `status_message`, or what content it is."},
    hash={**shapes.MAYBE_TEXT, "description": "Of the content, for `/content/{hash}`."},
    text={**shapes.TEXT, "description": "A piece of it around what was found."},
    marks={
        "type": "array",
        "description": "Begin and end of each mark, in characters.",
        "items": {"type": "array", "items": shapes.WHOLE, "minItems": 2, "maxItems": 2},
    },
    before={**shapes.FLAG, "description": "There is more before."},
    after={**shapes.FLAG, "description": "There is more behind."},
)
_HIT = shapes.record(
    trace_id=shapes.TEXT, span_id=shapes.TEXT, name=shapes.TEXT, kind=shapes.TEXT, start_time=shapes.TIME,
    places=shapes.listed(_PLACE),
)  # fmt: skip

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/search",
        find_texts,
        "Where words were found",
        Scope.READ,
        shapes.told(hits=shapes.listed(_HIT)),
        "Latest spans first. Words in quotes stand next to each other, among any other conditions.",
        parameters=(*SELECTED, limit(HITS, MOST, "spans")),
    ),
    Operation(
        "GET",
        "/content/{hash}",
        one_content,
        "A stored text",
        Scope.READ,
        shapes.record(project=shapes.PROJECT_NAME, hash=shapes.TEXT, text=shapes.TEXT, truncated=shapes.FLAG),
        parameters=(
            Parameter("hash", "32 hexadecimal digits, as spans refer to it.", shapes.TEXT, "path"),
            PROJECT,
            limit(_BYTES, _MOST_BYTES, "bytes of it"),
        ),
        # What has this hash is this text; it may still expire, and rights may end.
        caching="private, max-age=3600, immutable",
    ),
)
