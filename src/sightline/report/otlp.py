"""Spans in OTLP's JSON, read by the same conventions as on the server.

Which attribute means what is the catalog's; for each set of keys that occurs the sources that can answer are
worked out once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sightline.catalog.conventions import Catalog, conventions
from sightline.catalog.reference import canonical_tokens
from sightline.catalog.transforms import Surroundings, apply, inside
from sightline.catalog.values import Canonical, Value, as_type
from sightline.catalog.vocabulary import Field, Scope, Source
from sightline.report.answers import answer_of, excerpt_of
from sightline.report.call import Call

_FIELDS = (
    "provider", "model.request", "model.response", "service_tier", "tokens.input", "tokens.output",
    "tokens.total", "tokens.cache_read", "tokens.cache_write", "tokens.cache_write_1h", "tokens.reasoning",
    "tokens.audio_input", "tokens.audio_output", "cost.total", "time_to_first_token_s", "status",
    "error.type", "error.message", "user.id", "tenant.team", "feature", "output.messages", "output.value",
    "input.messages", "input.value",
)  # fmt: skip
_SHAPES = 4096
_KEYS = ("resourceSpans", "resource_spans")
OTHERS = ("resourceLogs", "resource_logs", "resourceMetrics", "resource_metrics")
_STATUS = {"STATUS_CODE_ERROR": 2, "STATUS_CODE_OK": 1, "ERROR": 2}
Plan = list[tuple[Field, list[Source]]]


@dataclass(frozen=True, slots=True)
class _Span:
    attributes: dict[str, Value]
    resource: dict[str, Value]
    own: dict[str, Value]
    scope: str


def is_request(value: object) -> bool:
    """Whether it is a line of OTLP with spans."""
    return isinstance(value, dict) and any(key in value for key in _KEYS)


class OtlpReader:
    """Reads requests of spans."""

    def __init__(self, catalog: Catalog | None = None) -> None:
        self._catalog = catalog or conventions()
        self._fields = [self._catalog.field(name) for name in _FIELDS]
        self._kind = self._catalog.field("span.kind")
        self._plans: dict[tuple[Any, ...], tuple[frozenset[str], list[Source], Plan, frozenset[str]]] = {}

    def read(self, value: Mapping[str, Any]) -> Iterator[Call | str]:
        """The spans of a request as calls; a text says why one is none."""
        for group in _each(value, *_KEYS):
            resource = attributes(group.get("resource", {}).get("attributes"))
            for scoped in _each(group, "scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
                scope = str((scoped.get("scope") or {}).get("name") or "")
                for span in _each(scoped, "spans"):
                    try:
                        yield self._call(span, resource, scope)
                    except (TypeError, ValueError, AttributeError, OverflowError) as error:
                        yield f"a span cannot be read: {error}"

    def _call(self, span: Mapping[str, Any], resource: dict[str, Value], scope: str) -> Call:
        said = attributes(span.get("attributes"))
        start = _number(span.get("startTimeUnixNano", span.get("start_time_unix_nano")))
        end = _number(span.get("endTimeUnixNano", span.get("end_time_unix_nano")))
        status = span.get("status") or {}
        code = status.get("code", 0)
        code = _STATUS.get(code, 0) if isinstance(code, str) and not code.isdigit() else int(code or 0)
        own: dict[str, Value] = {
            "name": str(span.get("name") or ""), "status.code": code,
            "status.message": str(status.get("message") or ""), "droppedAttributesCount": 0,
        }  # fmt: skip
        parent = str(span.get("parentSpanId") or span.get("parent_span_id") or "")
        one = _Span(said, resource, own, scope)
        values = self._values(one, start, not parent.strip("0"))
        trace, ident = (
            str(span.get("traceId") or span.get("trace_id") or ""),
            str(span.get("spanId") or span.get("span_id") or ""),
        )
        call = Call(
            time=start or None,
            duration=max(end - start, 0) if start and end else None,
            name=str(own["name"]),
            trace=trace.lower(), span=ident.lower(),
            key=key_of(trace, ident), parent=key_of(trace, parent) if parent.strip("0") else 0,
        )  # fmt: skip
        _fill(call, values, said, resource, code)
        return call

    def _values(self, span: _Span, start: int, root: bool) -> dict[str, Canonical]:
        service = str(span.resource.get("service.name") or "")
        shape = (tuple(span.attributes), tuple(span.resource), span.scope, service)
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._planned(span, service)
            if len(self._plans) < _SHAPES:
                self._plans[shape] = plan
        _, kinds, fields, cache = plan
        around = Surroundings(self._catalog.words, start)
        kind, _source = self._resolved(self._kind, kinds, span, "", root, around)
        named = str(kind or self._kind.default)
        values: dict[str, Canonical] = {"kind": named}
        won: dict[str, Source] = {}
        for field, candidates in fields:
            value, source = self._resolved(field, candidates, span, named, root, around)
            if value is not None and source is not None:
                values[field.column] = value
                won[field.name] = source
        canonical_tokens(values, won, cache)
        return values

    def _planned(
        self, span: _Span, service: str
    ) -> tuple[frozenset[str], list[Source], Plan, frozenset[str]]:
        keys = frozenset(span.attributes)
        senders = [e for e in self._catalog.emitters if e.sends(span.scope, keys, service)]
        names = frozenset(e.name for e in senders)

        def there(source: Source) -> bool:
            if source.emitter and source.emitter not in names:
                return False
            if source.scope is Scope.ATTRIBUTE:
                return source.attribute in keys or source.attribute in span.resource
            return source.scope is not Scope.RESOURCE or source.attribute in span.resource

        fields = [(f, [s for s in f.applicable if there(s)]) for f in self._fields]
        kinds = [s for s in self._kind.applicable if there(s)]
        return names, kinds, [(f, s) for f, s in fields if s], frozenset(e.cache for e in senders)

    @staticmethod
    def _resolved(
        field: Field, sources: list[Source], span: _Span, kind: str, root: bool, around: Surroundings
    ) -> tuple[Canonical | None, Source | None]:
        for source in sources:
            if (source.kinds and kind not in source.kinds) or (source.root_only and not root):
                continue
            for place in _places(source.scope, span):
                value = place.get(source.attribute) if source.scope is not Scope.SCOPE else span.scope
                if source.path:
                    value = inside(value, source.path)
                for step in source.steps:
                    if value is None:
                        break
                    value = apply(step, value, field.type, around)
                found = as_type(field.type, value, field.content)
                if found is not None:
                    return found, source
        return None, None


def _places(scope: Scope, span: _Span) -> tuple[dict[str, Value], ...]:
    if scope is Scope.ATTRIBUTE:
        return span.attributes, span.resource
    return (span.own,) if scope is Scope.SPAN else (span.resource,)


def _fill(
    call: Call, values: Mapping[str, Any], said: Mapping[str, Value], resource: Mapping[str, Value], code: int
) -> None:
    call.kind = values["kind"]
    call.provider, call.tier = values.get("provider"), values.get("service_tier")
    call.asked_model = values.get("request_model")
    call.model = values.get("response_model") or call.asked_model
    call.service = _text(resource.get("service.name"))
    call.user = values.get("user_id")
    call.feature = values.get("feature")
    for name in ("input", "output", "cache_read", "cache_write", "reasoning"):
        setattr(call, name, values.get(f"{name}_tokens"))
    for name in ("total", "cache_write_1h", "audio_input", "audio_output"):
        setattr(call, name, values.get(f"tokens_{name}"))
    call.cost = values.get("reported_cost_usd")
    call.cost_reported = call.cost is not None
    first = values.get("time_to_first_token_ns")
    call.ttft = first if isinstance(first, int) and first >= 0 else None
    weight = said.get("sightline.sampling.weight")
    call.weight = float(weight) if isinstance(weight, int | float) and 1 <= weight < 1e9 else 1.0
    if values.get("status") == "error" or code == 2:
        call.error = values.get("error_type") or "error"
    if call.is_model:
        call.answer = answer_of(values.get("output_messages") or values.get("output_value"))
        call.excerpt = excerpt_of(values.get("input_messages") or values.get("input_value"))


def attributes(listed: Any) -> dict[str, Value]:
    """Attributes as a mapping; of duplicates the first counts. A mapping of plain values is one already."""
    if isinstance(listed, dict):
        return listed
    found: dict[str, Value] = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("key"), str):
            found.setdefault(one["key"], any_value(one.get("value")))
    return found


def any_value(value: Any) -> Value:
    """A value of OTLP's JSON as a plain one."""
    if not isinstance(value, dict):
        return None
    for key, inner in value.items():
        name = key.replace("_", "").lower()
        if name == "intvalue":
            return int(inner)
        if name == "doublevalue":
            return float(inner)
        if name == "arrayvalue":
            return [any_value(v) for v in inner.get("values", [])]
        if name == "kvlistvalue":
            return attributes(inner.get("values"))
        if name in ("stringvalue", "boolvalue", "bytesvalue"):
            found: Value = inner
            return found
    return None


def key_of(trace: str, span: str) -> int:
    """A span's ids as one number; 0 without an id."""
    if not span.strip("0"):
        return 0
    return int.from_bytes(blake2b(f"{trace} {span}".lower().encode(), digest_size=8).digest(), "big") or 1


def _each(holder: Mapping[str, Any], *names: str) -> Iterator[dict[str, Any]]:
    for name in names:
        listed = holder.get(name)
        if isinstance(listed, list):
            yield from (one for one in listed if isinstance(one, dict))


def _number(value: Any) -> int:
    if isinstance(value, dict):  # a Long of JavaScript
        return (int(value.get("high", 0)) << 32) | (int(value.get("low", 0)) & 0xFFFFFFFF)
    return int(value or 0)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None
