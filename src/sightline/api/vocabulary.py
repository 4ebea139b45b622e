"""What can be asked: fields and measures, values of fields with counts, and what could be typed next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sightline.api import shapes
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import SELECTED, TARGET, limit, names, selection, target, told, window
from sightline.api.problems import Problem
from sightline.query.facets import MAX_FACETS, MAX_VALUES, SHOWN, facet_values, facets
from sightline.query.filter.fields import ORDERED, Field, Type, fields
from sightline.query.filter.nodes import Whole
from sightline.query.filter.wholes import MEASURES as WHOLES
from sightline.query.filter.wholes import names as names_of_whole
from sightline.query.in_use import in_use
from sightline.query.measures import MEASURES
from sightline.query.selection import Target
from sightline.query.suggest import suggest
from sightline.records.access import Scope
from sightline.records.facets import Facet

VALUES = 10
_LONGEST = 8_000


async def list_facets(call: Call) -> Mapping[str, Any]:
    """The most frequent values of some fields, each without the filter's own condition on it."""
    chosen = selection(call, target(call))
    wanted = names(call, "names", SHOWN)
    if len(wanted) > MAX_FACETS:
        raise Problem(422, f"names are {len(wanted)} fields; at most {MAX_FACETS}.", reason="parameters")
    found = await facets(
        call.services.store, chosen, call.now, wanted, limit=call.number("limit", VALUES, MAX_VALUES)
    )
    return {
        **told(chosen),
        "counted_since": iso(found.since),
        "facets": [_facet(facet) for facet in found.facets],
    }


async def one_facet(call: Call) -> Mapping[str, Any]:
    """The most frequent values of one field that begin with a text."""
    chosen = selection(call, target(call))
    found = await facet_values(
        call.services.store,
        chosen,
        call.now,
        call.request.path_params["name"],
        call.text("beginning") or "",
        limit=call.number("limit", VALUES, MAX_VALUES),
    )
    return {**told(chosen), **_facet(found)}


def _facet(facet: Facet) -> dict[str, Any]:
    top = [{"value": v.text or None, "count": v.count, "filter": v.filter} for v in facet.top]
    return {"name": facet.name, "different": facet.values, "exact": facet.exact, "values": top}


async def suggestions(call: Call) -> Mapping[str, Any]:
    """What could stand at a place of a filter that is being typed."""
    text = call.text("q") or ""
    if len(text) > _LONGEST:
        raise Problem(422, f"q is longer than {_LONGEST:,} characters.", reason="parameters")
    at = call.text("at")
    if at is not None and not (at.isascii() and at.isdigit()):
        raise Problem(422, f"at is {at[:40]!r}; expected a place, counted from 0.", reason="parameters")
    place = len(text) if at is None else min(int(at[:9]), len(text))
    found = await suggest(call.services.store, text, place, window(call), call.now, target(call))
    return {"suggestions": [asdict(one) for one in found]}


async def list_fields(call: Call) -> Mapping[str, Any]:
    """Everything a filter can name: fields, measures of whole traces, and the attributes that occur."""
    chosen = selection(call, Target.SPANS)
    used = await in_use(call.services.store, chosen)
    counts = {one.name: one.count for one in used.fields}
    return {
        "project": call.project,
        "fields": [_field(field, counts.get(field.names[0], 0)) for field in fields()],
        "wholes": [
            {"name": f"{whole}.{name}", "type": WHOLES[name].type.value, "says": WHOLES[name].says}
            for whole in Whole
            for name in names_of_whole(whole)
        ],
        "measures": [
            {"name": m.name, "unit": m.unit.value, "says": m.says, "of_traces": bool(m.traces)}
            for m in MEASURES.values()
        ],
        "attributes": [asdict(one) for one in used.attributes],
        "looked_at": used.spans,
    }


def _field(field: Field, count: int) -> dict[str, Any]:
    return {
        "name": field.names[0],
        "also": field.names[1:],
        "type": field.type.name.lower(),
        "says": field.says or field.type.value,
        "words": field.words,
        "ordered": field.type in ORDERED,
        "grouped": field.type in {Type.TEXT, Type.WORD, Type.BOOL, Type.INTEGER},
        "whole_trace": field.whole_trace,
        "count": count,
    }


_VALUE = shapes.record(
    value={**shapes.MAYBE_TEXT, "description": "null is not set."},
    count=shapes.WHOLE,
    filter={**shapes.TEXT, "description": "The condition on this value."},
)
_FACET = {
    "name": shapes.TEXT,
    "different": {**shapes.WHOLE, "description": "Different values in all."},
    "exact": shapes.FLAG,
    "values": shapes.listed(_VALUE),
}
_SUGGESTION = shapes.record(
    text={**shapes.TEXT, "description": "Replaces `length` characters from `offset` on."},
    offset=shapes.WHOLE,
    length=shapes.WHOLE,
    says=shapes.TEXT,
    count=shapes.MAYBE_WHOLE,
)
_FIELD = shapes.record(
    name=shapes.TEXT, also=shapes.listed(shapes.TEXT), type=shapes.TEXT, says=shapes.TEXT,
    words={**shapes.listed(shapes.TEXT), "description": "All values there are; empty: any."},
    ordered=shapes.FLAG, grouped=shapes.FLAG, whole_trace=shapes.FLAG,
    count={**shapes.WHOLE, "description": "How many of the spans that were looked at have it."},
)  # fmt: skip
_FIELDS = shapes.record(
    project=shapes.PROJECT_NAME,
    fields=shapes.listed(_FIELD),
    wholes=shapes.listed(shapes.record(name=shapes.TEXT, type=shapes.TEXT, says=shapes.TEXT)),
    measures=shapes.listed(
        shapes.record(name=shapes.TEXT, unit=shapes.TEXT, says=shapes.TEXT, of_traces=shapes.FLAG)
    ),
    attributes=shapes.listed(shapes.record(name=shapes.TEXT, count=shapes.WHOLE)),
    looked_at={**shapes.WHOLE, "description": "The latest spans, up to so many, were looked at."},
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/fields",
        list_fields,
        "What a filter can name",
        Scope.READ,
        _FIELDS,
        parameters=SELECTED,
        caching="private, no-cache",
    ),
    Operation(
        "GET",
        "/facets",
        list_facets,
        "Values of fields with counts",
        Scope.READ,
        shapes.told(counted_since=shapes.TIME, facets=shapes.listed(shapes.record(**_FACET))),
        "A facet is counted without the filter's own condition on its field.",
        parameters=(
            *SELECTED,
            Parameter("names", f"Up to {MAX_FACETS} fields, with commas.", shapes.TEXT, example="kind,model"),
            limit(VALUES, MAX_VALUES, "values of a field"),
            TARGET,
        ),
    ),
    Operation(
        "GET",
        "/facets/{name:path}",
        one_facet,
        "Values of one field",
        Scope.READ,
        shapes.told(**_FACET),
        parameters=(
            Parameter("name", "A field or an attribute.", shapes.TEXT, "path", example="model"),
            *SELECTED,
            Parameter("beginning", "What values begin with, in any case of letters.", shapes.TEXT),
            limit(VALUES, MAX_VALUES, "values"),
            TARGET,
        ),
    ),
    Operation(
        "GET",
        "/suggest",
        suggestions,
        "What could be typed next",
        Scope.READ,
        shapes.record(suggestions=shapes.listed(_SUGGESTION)),
        parameters=(
            *SELECTED,
            Parameter("at", "Where the cursor is, in characters from 0; default: the end.", shapes.WHOLE),
            TARGET,
        ),
    ),
)
