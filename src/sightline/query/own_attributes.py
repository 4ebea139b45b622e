"""Canonical columns as attributes again, so that who reads the span finds the same columns.

A column is written under the name that OpenTelemetry or its convention gives it where that name means just
this column and nothing else can answer before it; else under Sightline's own (`sightline.` and the column),
which stands before all other sources. A column that the attributes beside it say already is not repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sightline.catalog.conventions import Catalog, conventions
from sightline.catalog.reference import SpanFacts, resolve
from sightline.catalog.transforms import Surroundings, apply, inside
from sightline.catalog.values import Value, as_type, text
from sightline.catalog.vocabulary import Field, Scope, Source

_KIND, _STATUS, _INPUT, _OUTPUT = "span.kind", "status", "input_tokens", "output_tokens"
_PLACES = (Scope.ATTRIBUTE, Scope.RESOURCE)
# Whose names other programs read.
_STANDARD = ("otel_genai", "otel")


@dataclass(frozen=True, slots=True)
class Written:
    """How a column is written. `own`: Sightline's name; `name`: the one that others know, '' for none;
    `keys`: every attribute that the field reads."""

    field: Field
    own: str
    name: str
    keys: frozenset[str]


@cache
def writings() -> tuple[Written, ...]:
    """Every column that can be written as an attribute; the kind of a span and its status are not."""
    found = []
    for field in conventions().span_fields:
        sources = field.applicable
        if field.name in (_KIND, _STATUS) or not sources:
            continue
        plain = [s for s in sources if _plain(s) and s.convention != "sightline"]
        plain.sort(key=lambda s: not s.convention.startswith(_STANDARD))
        keys = frozenset(s.attribute for s in sources if s.scope in _PLACES)
        found.append(Written(field, sources[0].attribute, plain[0].attribute if plain else "", keys))
    return tuple(found)


def _plain(source: Source) -> bool:
    """Whether a source is the column, without conditions; what is added to tokens is looked at apart."""
    counted = all(step.name in ("cache_inferred", "reasoning_inferred") for step in source.steps)
    return (
        source.scope is Scope.ATTRIBUTE
        and not (source.path or source.kinds or source.emitter or source.root_only)
        and counted
    )


@cache
def _readers() -> Mapping[str, tuple[tuple[Field, Source], ...]]:
    """Which fields read an attribute, and how."""
    found: dict[str, list[tuple[Field, Source]]] = {}
    for field in conventions().span_fields:
        if field.name != _KIND:
            for source in field.applicable:
                if source.scope in _PLACES:
                    found.setdefault(source.attribute, []).append((field, source))
    return {key: tuple(readers) for key, readers in found.items()}


@cache
def _markers() -> tuple[frozenset[str], tuple[str, ...]]:
    """Keys by which a sender is recognised, and beginnings of such."""
    every = [marker for emitter in conventions().emitters for marker in emitter.markers]
    return (
        frozenset(m for m in every if not m.endswith("*")),
        tuple(m[:-1] for m in every if m.endswith("*")),
    )


def attributes_of(
    kind: str, values: Mapping[str, Any], left: Mapping[str, Any], resource: Mapping[str, Any]
) -> dict[str, Any]:
    """Attributes that say what the columns say. `values`: by column, texts of contents among them; `left` and
    `resource` are the attributes that are written anyway."""
    names: dict[str, str] = {}
    forced: set[str] = set()
    for written in writings():
        value = values.get(written.field.column)
        if value is None or value == []:
            continue
        free = written.keys.isdisjoint(left) and written.keys.isdisjoint(resource)
        if not free and _said(written, value, left, resource):
            continue
        names[written.field.column] = written.own
        if free and written.name:
            touched = _touched(written, value, kind, values)
            if touched is not None:
                names[written.field.column] = written.name
                forced |= touched
    for column in forced:
        # Another column's attribute would answer for these, so they say it first.
        names[column] = _written(column).own
    return {name: values[column] for column, name in names.items()}


def _said(written: Written, value: Any, left: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    """Whether the resource answers first and says this very value.

    A span's own attribute that answers is taken by its column and would not stay beside it.
    """
    for source in written.field.applicable:
        if source.scope not in _PLACES or (source.scope is Scope.ATTRIBUTE and source.attribute in left):
            return False
        if source.attribute in resource:
            if source.steps or source.path or source.kinds or source.emitter or source.root_only:
                return False
            told = resource[source.attribute]
            return bool(as_type(written.field.type, told, written.field.content) == value)
    return False


def _touched(written: Written, value: Any, kind: str, values: Mapping[str, Any]) -> frozenset[str] | None:
    """Which other columns the attribute would answer for; None when it would change what is not known."""
    exact, prefixes = _markers()
    if written.name in exact or written.name.startswith(prefixes):
        return None
    if written.field.column in (_INPUT, _OUTPUT) and not _as_reported(written.field.column, values):
        return None
    others: set[str] = set()
    for field, source in _readers()[written.name]:
        if field is written.field or (source.kinds and kind not in source.kinds):
            continue
        if values.get(field.column) in (None, []):
            if _survives(field, source, value):
                return None
        elif field.name != _STATUS:
            others.add(field.column)
    return frozenset(others)


@cache
def _written(column: str) -> Written:
    return next(w for w in writings() if w.field.column == column)


def _survives(field: Field, source: Source, value: Any) -> bool:
    around = Surroundings(conventions().words, 0)
    answer: Value = inside(value, source.path) if source.path else value
    for step in source.steps:
        if answer is not None:
            answer = apply(step, answer, field.type, around)
    return as_type(field.type, answer, field.content) is not None


def _as_reported(column: str, values: Mapping[str, Any]) -> bool:
    """Whether the token rules leave a number as it is: nothing is there that they would add."""
    if column == _INPUT:
        return not values.get("cache_read_tokens") and not values.get("cache_write_tokens")
    return not values.get("reasoning_tokens")


def kind_said(
    scope: str, name: str, root: bool, attributes: Mapping[str, Any], resource: Mapping[str, Any]
) -> str:
    """The kind of span that these attributes mean."""
    keys = _kind_keys()
    told = tuple((k, v) for k, v in attributes.items() if k in keys and isinstance(v, str | int | float))
    about = tuple((k, v) for k, v in resource.items() if k in keys and isinstance(v, str | int | float))
    senders = tuple(k for k in attributes if k not in keys and _marks(k))
    return _kind(scope, name, root, told, about, senders)


@cache
def _kind_keys() -> frozenset[str]:
    field = conventions().field(_KIND)
    return frozenset(s.attribute for s in field.applicable if s.scope in _PLACES)


@lru_cache(maxsize=4096)
def _marks(key: str) -> bool:
    exact, prefixes = _markers()
    return key in exact or key.startswith(prefixes)


@lru_cache(maxsize=16_384)
def _kind(
    scope: str,
    name: str,
    root: bool,
    told: tuple[tuple[str, Any], ...],
    about: tuple[tuple[str, Any], ...],
    senders: tuple[str, ...],
) -> str:
    catalog: Catalog = conventions()
    span = SpanFacts((*told, *((k, "") for k in senders)), about, scope, name, is_root=root)
    service = next((text(v) or "" for k, v in about if k == "service.name"), "")
    keys = frozenset(k for k, _ in span.attributes)
    names = frozenset(e.name for e in catalog.emitters if e.sends(scope, keys, service))
    field = catalog.field(_KIND)
    value, _ = resolve(field, span, names, "", Surroundings(catalog.words, 0))
    return value if isinstance(value, str) else field.default
