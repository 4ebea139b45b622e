"""Second pass: staged spans to canonical spans, one statement generated from the facts of the segment."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.catalog.conventions import Catalog
from sightline.catalog.vocabulary import FieldType
from sightline.digest.anyvalue import json_literal
from sightline.digest.attributes import every_type, json_attributes, json_object
from sightline.digest.attributes import literal as literal_of
from sightline.digest.columns import Candidate, Columns
from sightline.digest.staging import LONG, Facts
from sightline.digest.steps import array, quoted
from sightline.digest.tokens import input_tokens, output_tokens

# Fields that count for the whole trace when only one span carries them, in the order of the bits of `inherited`.
TRACE_WIDE = ("session_id", "user_id", "team", "feature", "release", "environment", "tags", "tenant_org")
# Kinds that are themselves a call of a model: their usage is their own.
MODEL_KINDS = ("llm", "embedding", "reranker", "speech", "transcription")
_STRUCTURAL = (
    "row", "project", "received_at", "source", "scope", "scope_version", "trace_id", "span_id", "parent_id",
    "trace_state", "name", "otel_kind", "start", "end", "message", "code", "dropped",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CanonicalQuery:
    """The generated statement and what it yields. `columns`: canonical columns that occur in the segment."""

    select: str
    columns: tuple[str, ...]
    content: bool


def _winner(candidates: list[Candidate]) -> str:
    """The number of the span attribute that a field was read from, 0 for none of them."""
    arms = ", ".join(f"isNotNull({c.value}), {c.key}" for c in candidates)
    return f"toUInt16(multiIf({arms}, 0))"


class _Plan:
    """Which attributes are taken by a field (always or row by row) and what is content."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.always: set[int] = set()
        self.maybe: set[int] = set()
        self.content_keys: dict[int, str] = {}
        self.taken: list[str] = []
        self.fields: dict[str, str] = {}
        self.content: dict[str, str] = {}
        names = {n: key for key, n in columns.numbers.span.items()}
        for field in columns.catalog.span_fields:
            if field.name == "span.kind":
                continue
            found = columns.candidates(field)
            value = columns.expression(field.name)
            if value is None:
                continue
            (self.content if field.content else self.fields)[field.column] = value
            takers = [c for c in found if c.key and c.source.verbatim]
            if field.content:
                self.content_keys |= {c.key: names[c.key] for c in found if c.key}
            elif field.type is FieldType.LIST:
                self.always |= {c.key for c in takers if len(found) == 1}
                continue
            if takers and found[0] in takers and found[0].sure and len(found) == 1 and not _conditional(found[0]):
                self.always.add(takers[0].key)
            elif takers:
                self.maybe |= {c.key for c in takers}
                self.taken.append(_winner(found))
        self.maybe -= self.always


def _conditional(candidate: Candidate) -> bool:
    source = candidate.source
    return bool(source.emitter or source.kinds or source.root_only)


def canonical_query(catalog: Catalog, facts: Facts, staged: str, nested: str) -> CanonicalQuery:
    """The SELECT that reads the scratch table `staged` and yields one canonical row per span."""
    columns = Columns(catalog, facts)
    plan = _Plan(columns)
    numbers = columns.numbers
    known = len(numbers.span)
    families = sorted(set(numbers.family.values()))
    family_code = {name: known + 1 + i for i, name in enumerate(families)}
    denied = known + 1 + len(families)
    codes = (
        numbers.span | {k: family_code[c] for k, c in numbers.family.items()} | dict.fromkeys(numbers.denied, denied)
    )
    kid = _codes("keys", codes)
    rkid = _codes("rkeys", numbers.resource)
    every = every_type(facts.keys)
    literal = literal_of(every, nested)

    stays = f"kid = 0 OR kid <= {known} AND NOT has({_numbers(plan.always | plan.content_keys.keys() | plan.maybe)}, kid)"
    if plan.maybe - plan.content_keys.keys():
        stays += f" OR has({_numbers(plan.maybe - plan.content_keys.keys())}, kid) AND NOT has(taken, kid)"
    if facts.long:
        stays = f"({stays}) AND length(x) <= {LONG}"
    keep = f"arrayMap((kid, x) -> {stays}, kid, texts)"
    attributes = json_attributes("keys", "types", "texts", keep, literal)
    every_resource = every_type(facts.resource_keys)
    drop = [k for k in facts.resource_keys if catalog.denied(k)]
    resource = json_attributes(
        "rkeys", "rtypes", "rtexts", f"arrayMap(k -> NOT has({array(drop)}::Array(String), k), rkeys)",
        literal_of(every_resource, nested),
    )  # fmt: skip

    fields = dict(plan.fields)
    tokens = {"input_tokens": input_tokens(columns), "output_tokens": output_tokens(columns)}
    fields |= {name: value for name, value in tokens.items() if value and name in fields}
    contents = list(plan.content.items())
    for name, code in family_code.items():
        member = f"arrayMap(kid -> kid = {code}, kid)"
        contents.append((name, f"if(has(kid, {code}), {json_attributes('keys', 'types', 'texts', member, literal, ',' + chr(10))}, '')"))
    single = {c for c in plan.content_keys if c in plan.always}
    for key, name in sorted(plan.content_keys.items()):
        if key not in single:
            x, _, _ = numbers.text(name, False)
            contents.append((f"attribute:{name}", f"if(has(taken, {key}), '', {x})"))
    content = "[" + ", ".join(f"ifNull({value}, '')" for _, value in contents) + "]" if contents else "[]::Array(String)"
    names = f"{array([name for name, _ in contents])}::Array(String)"
    if facts.long:
        loose = f"arrayMap((kid, x) -> (kid = 0) AND length(x) > {LONG}, kid, texts)"
        names = f"arrayConcat({names}, arrayMap(k -> concat('attribute:', k), arrayFilter((k, f) -> f, keys, {loose})))"
        content = f"arrayConcat({content}, arrayFilter((x, f) -> f, texts, {loose}))"

    kind = columns.expression("span.kind") or "'other'"
    inner = f"SELECT *, {kid} AS kid, {rkid} AS rkid FROM {staged}"
    middle = f"SELECT *, {columns.emitters()} AS emitters, {kind} AS kind FROM ({inner})"
    taken = f"[{', '.join(plan.taken)}]::Array(UInt16)"
    outer = f"SELECT *, {taken} AS taken FROM ({middle})"
    body = [*_STRUCTURAL, "kind", *(f"{value} AS c_{name}" for name, value in fields.items())]
    body += [f"{names} AS content_fields", f"{content} AS content_texts", f"{attributes} AS attributes", f"{resource} AS resource"]
    body += _events(facts, nested)
    body += [
        "sipHash64(toString(project), toFixedString(trace_id, 16)) AS trace",
        "reinterpretAsUInt64(span_id) AS span_key",
        "reinterpretAsUInt64(parent_id) AS parent_key",
    ]
    hashes = "arrayMap(x -> if(x = '', '', substring(SHA256(x), 1, 16)), content_texts) AS content_hashes"
    select = f"SELECT *, {hashes} FROM (SELECT {', '.join(body)} FROM ({outer}))".replace("{nested}", quoted(nested))
    return CanonicalQuery(select=select, columns=tuple(fields), content=bool(contents))


def _events(facts: Facts, nested: str) -> list[str]:
    """Span events and links as parallel arrays, their attributes as JSON text."""
    pair = f"concat(toJSONString(p.1), ':', arrayMap(y -> {json_literal(quoted(nested))}, [p.2])[1])"
    found = []
    if facts.events:
        found += [
            "arrayMap(e -> e.1, events) AS event_times",
            "arrayMap(e -> e.2, events) AS event_names",
            f"arrayMap(e -> {json_object(f'arrayMap(p -> {pair}, e.3)')}, events) AS event_attributes",
        ]
    if facts.links:
        found += [
            "arrayMap(l -> lower(hex(l.1)), links) AS link_traces",
            "arrayMap(l -> lower(hex(l.2)), links) AS link_spans",
            f"arrayMap(l -> {json_object(f'arrayMap(p -> {pair}, l.3)')}, links) AS link_attributes",
        ]
    return found


def _numbers(values: set[int] | frozenset[int]) -> str:
    return "[" + ", ".join(map(str, sorted(values))) + "]::Array(UInt16)"


def _codes(keys: str, codes: dict[str, int]) -> str:
    if not codes:
        return f"arrayMap(k -> toUInt16(0), {keys})"
    names, values = zip(*sorted(codes.items()), strict=True)
    return (
        f"arrayMap(k -> transform(k, {array(list(names))}, [{', '.join(map(str, values))}]::Array(UInt16),"
        f" toUInt16(0)), CAST({keys}, 'Array(String)'))"
    )
