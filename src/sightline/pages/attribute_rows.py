"""The attributes of a span as rows: understood, with where each came from, and as sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.catalog.origins import origins
from sightline.pages import formats
from sightline.pages.address import path_of, with_query

# Bookkeeping of the store, or shown elsewhere on the page.
_HIDDEN = {"own_ns", "depth", "is_root", "skew_ns"}
_ONLY_IF_SET = {"late_ns", "dropped_attributes"}
_TIMES = ("start_time", "received_at", "digested_at")
# What the span itself says, and what Sightline works out.
_OF_THE_SPAN = {
    "name", "start_time", "duration_ns", "status", "status_message", "otel_kind", "parent_span_id",
    "trace_state", "scope", "scope_version", "dropped_attributes",
}  # fmt: skip
_WORKED_OUT = {
    "cost_usd": "worked out from tokens and prices, or reported",
    "cost_source": "worked out",
    "price_version": "the price list it was computed with",
    "usage_source": "worked out from the spans below",
    "received_at": "when Sightline had it",
    "digested_at": "when it became a row",
    "late_ns": "the time from its end to its receipt",
    "source": "the way in",
    "prompt_hash": "hash of its prompt",
}
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """An attribute. `origin` says in a few words where its value came from, `others` all of the possible
    places; `href` lists the spans that have the same value."""

    key: str
    value: object
    origin: str
    others: tuple[str, ...]
    href: str


def canonical(columns: Mapping[str, object], project: str) -> tuple[AttributeRow, ...]:
    """The canonical columns that are set; times and durations written out."""
    rows = []
    for key, value in columns.items():
        if key in _HIDDEN or (key in _ONLY_IF_SET and not value):
            continue
        origin, others = _origin(key)
        rows.append(
            AttributeRow(_label(key), _shown(key, value), origin, others, _filter(key, value, project))
        )
    return tuple(rows)


def sent(attributes: Mapping[str, object], project: str) -> tuple[AttributeRow, ...]:
    """What no column took, under the names it was sent with."""
    return tuple(
        AttributeRow(
            key,
            value,
            "resource" if key.startswith("resource.") else "",
            (),
            "" if key.startswith("resource.") else _filter(f"attr.{key}", value, project),
        )
        for key, value in attributes.items()
    )


def _label(key: str) -> str:
    return key.removesuffix("_ns") if key.endswith("_ns") else key


def _shown(key: str, value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        if key.endswith("_ns"):
            return str(formats.duration(value))
        if key in _TIMES:
            return formats.absolute(value)
    return value


def _origin(key: str) -> tuple[str, tuple[str, ...]]:
    if key in _OF_THE_SPAN:
        return "as the span says", ()
    if key in _WORKED_OUT:
        return _WORKED_OUT[key], ()
    found = origins(key)
    if not found:
        return "worked out", ()
    first = found[0]
    told = tuple(f"{one.attribute} ({', '.join(filter(None, (one.convention, one.scope)))})" for one in found)
    if len(found) == 1:
        return f"from {told[0]}", ()
    return f"from {first.attribute} or one of {len(found) - 1} more", told


def _filter(key: str, value: object, project: str) -> str:
    """The list of spans with this value; '' for what is no plain value."""
    if isinstance(value, bool):
        said = "true" if value else "false"
    elif isinstance(value, str):
        said = value
    elif isinstance(value, int | float):
        said = f"{value:g}" if isinstance(value, float) else str(value)
    else:
        return ""
    if not said or len(said) > _LONGEST_VALUE or key in _TIMES or key.endswith(("_ns", "_at")):
        return ""
    quoted = '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return with_query(path_of(project, "traces"), {"q": f"{key}:{quoted}"})
