"""The rules of the conventions, read plainly for one span: the oracle the engine is compared with.

Slow and obvious on purpose. `read(span)` gives every canonical field its value and says which source won.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sightline.catalog.conventions import Catalog, conventions
from sightline.catalog.transforms import Surroundings, apply, inside
from sightline.catalog.values import Canonical, Value, as_type
from sightline.catalog.vocabulary import Field, Scope, Source


@dataclass(frozen=True, slots=True)
class SpanFacts:
    """One span as it was sent. Attributes keep their order and their duplicates; times are nanoseconds."""

    attributes: Sequence[tuple[str, Value]] = ()
    resource: Sequence[tuple[str, Value]] = ()
    scope: str = ""
    name: str = ""
    status_code: int = 0
    status_message: str = ""
    is_root: bool = True
    start_time: int = 0
    dropped_attributes: int = 0
    trace_state: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The canonical fields of a span. `values` by column (a list's first element under its own column);
    fields without an answer are absent. `sources`: which source won, by field name. `cache`: whether the
    reported input tokens held the cached ones (`included`, `excluded`), None where no input was reported.
    """

    values: dict[str, Canonical]
    sources: dict[str, Source]
    cache: str | None


def read(span: SpanFacts, catalog: Catalog | None = None) -> Reading:
    """All canonical fields of a span: for each the first source that is there and survives its transform."""
    catalog = catalog or conventions()
    keys = frozenset(key for key, _ in span.attributes)
    service = next((v for k, v in span.resource if k == "service.name" and isinstance(v, str)), "")
    senders = [e for e in catalog.emitters if e.sends(span.scope, keys, service)]
    names = frozenset(e.name for e in senders)
    around = Surroundings(catalog.words, span.start_time)
    kind_field = catalog.field("span.kind")
    kind, _ = resolve(kind_field, span, names, "", around)
    resolved_kind = kind if isinstance(kind, str) else kind_field.default
    values: dict[str, Canonical] = {}
    sources: dict[str, Source] = {}
    for field in catalog.span_fields:
        value, source = resolve(field, span, names, resolved_kind, around)
        if source is not None:
            sources[field.name] = source
        elif field.default:
            value = field.default
        if value is not None:
            values[field.column] = value
            if field.first and isinstance(value, tuple):
                values[field.first] = value[0]
    cache = canonical_tokens(values, sources, frozenset(e.cache for e in senders))
    return Reading(values, sources, cache)


def resolve(
    field: Field, span: SpanFacts, emitters: frozenset[str], kind: str, around: Surroundings
) -> tuple[Canonical | None, Source | None]:
    """One field's value and the source that it came from; None and None without an answer."""
    for source in field.applicable:
        if source.kinds and kind not in source.kinds:
            continue
        if source.emitter and source.emitter not in emitters:
            continue
        if source.root_only and not span.is_root:
            continue
        for value in _found(source, span):
            answer = _survive(field, source, value, around)
            if answer is not None:
                return answer, source
    return None, None


def _found(source: Source, span: SpanFacts) -> Iterator[Value]:
    """The values a source finds: the span's own before its resource's; of duplicates the first counts."""
    if source.scope is Scope.SPAN:
        own: dict[str, Value] = {
            "name": span.name,
            "status.code": span.status_code,
            "status.message": span.status_message,
            "droppedAttributesCount": span.dropped_attributes,
            "traceState": span.trace_state,
        }
        yield own[source.attribute]
    elif source.scope is Scope.SCOPE:
        yield span.scope if source.attribute == "name" else None
    else:
        places = [span.attributes, span.resource] if source.scope is Scope.ATTRIBUTE else [span.resource]
        for place in places:
            yield from [v for k, v in place if k == source.attribute][:1]


def _survive(field: Field, source: Source, value: Value, around: Surroundings) -> Canonical | None:
    if source.path:
        value = inside(value, source.path)
    for step in source.steps:
        if value is None:
            return None
        value = apply(step, value, field.type, around)
    return as_type(field.type, value, field.content)


def _count(values: dict[str, Canonical], column: str) -> int:
    value = values.get(column)
    return value if isinstance(value, int) else 0


def canonical_tokens(
    values: dict[str, Canonical], sources: dict[str, Source], known: frozenset[str]
) -> str | None:
    """Make `input_tokens` include the cached tokens and `output_tokens` the reasoning ones, in place."""
    won, reported = sources.get("tokens.input"), _count(values, "input_tokens")
    answered, reasoning = _count(values, "output_tokens"), _count(values, "reasoning_tokens")
    total = _count(values, "tokens_total")
    out = sources.get("tokens.output")
    if out is not None:
        infer = out.has("reasoning_inferred") and reasoning and total == reported + answered + reasoning
        if out.has("reasoning_excluded") or infer:
            values["output_tokens"] = answered + reasoning
    if won is None:
        return None
    cached = _count(values, "cache_read_tokens") + _count(values, "cache_write_tokens")
    excluded = won.has("cache_excluded")
    if won.has("cache_inferred"):
        if known & {"included", "excluded"}:
            excluded = "included" not in known
        elif total == reported + answered and cached <= reported:
            excluded = False
        else:
            excluded = total == reported + answered + cached or cached > reported
    if excluded:
        values["input_tokens"] = reported + cached
    return "excluded" if excluded else "included"
