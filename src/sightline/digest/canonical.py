"""Second pass: staged spans to canonical spans, one statement generated from the facts of the segment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sightline.catalog.conventions import Catalog
from sightline.catalog.vocabulary import FieldType
from sightline.digest.anyvalue import json_literal, literal_of, text_of
from sightline.digest.attributes import denied, every_type, json_object
from sightline.digest.columns import Candidate, Columns
from sightline.digest.contents import HASHES, SIZES
from sightline.digest.staging import LONG, SCRATCH, Facts
from sightline.digest.steps import array, quoted
from sightline.digest.tokens import input_tokens, output_tokens, remarks

# Fields that count for the whole trace when only one span carries them, in the order of the bits of
# `inherited`.
TRACE_WIDE = ("session_id", "user_id", "team", "feature", "release", "environment", "tags", "tenant_org")
# Kinds that are themselves a call of a model: their usage is their own.
MODEL_KINDS = ("llm", "embedding", "reranker", "speech", "transcription")
_STRUCTURAL = {
    "row": "UInt32", "resource_row": "UInt32", "project": "LowCardinality(String)", "received_at": "UInt64",
    "source": "LowCardinality(String)", "scope": "LowCardinality(String)",
    "scope_version": "LowCardinality(String)", "trace_id": "String", "span_id": "String",
    "parent_id": "String", "trace_state": "String", "name": "String", "otel_kind": "Int8", "start": "UInt64",
    "end": "UInt64", "message": "String", "code": "Int8", "dropped": "UInt32",
}  # fmt: skip
_DERIVED = {
    "content_texts": "Array(String)", "content_fields": "Array(String)",
    "content_hashes": "Array(FixedString(16))", "content_sizes": "Array(UInt32)", "attributes": "String",
    "trace": "UInt64", "span_key": "UInt64", "parent_key": "UInt64",
}  # fmt: skip
_EVENTS = {
    "event_times": "Array(UInt64)", "event_names": "Array(String)", "event_attributes": "Array(String)",
}  # fmt: skip
_LINKS = {
    "link_traces": "Array(String)", "link_spans": "Array(String)", "link_attributes": "Array(String)",
}  # fmt: skip


# Names of attributes as columns: `v5`, `u5`, `a5`, `t5`, `n5`, `qa5` of spans, `rv2`, `r2`, `rt2`, `qr2`
# of resources.
_NAMES = re.compile(r"\b(?:v|u|q?a|t|n|q?r|rt|rv)\d+\b")


# Where the canonical spans of the segment under way are.
CANON = f"{SCRATCH}.canon"
_TYPES = {
    FieldType.STR: "Nullable(String)",
    FieldType.INT: "Nullable(UInt64)",
    FieldType.FLOAT: "Nullable(Float64)",
    FieldType.BOOL: "Nullable(Bool)",
    FieldType.LIST: "Array(String)",
}


@dataclass(frozen=True, slots=True)
class CanonicalQuery:
    """The generated statement and what it yields. `names`: its columns in order, `structure` these with their
    types; `columns`: canonical columns that occur in the segment."""

    select: str
    names: str
    columns: tuple[str, ...]
    structure: str


def _winner(candidates: list[Candidate]) -> str:
    """The number of the span attribute that a field was read from, 0 for none of them."""
    arms = ", ".join(f"{c.there}, {c.key}" for c in candidates)
    return f"toUInt16(multiIf({arms}, 0))"


@cache
def content_keys(catalog: Catalog) -> frozenset[str]:
    """Span attributes that hold what people and models said."""
    return frozenset(s.attribute for f in catalog.span_fields if f.content for s in f.applicable)


class _Plan:
    """Which attributes are taken by a field (always or row by row) and what is content."""

    def __init__(self, columns: Columns) -> None:
        self.always: set[int] = set()
        self.maybe: set[int] = set()
        # Also where another sender's word is meant: content must not become JSON paths.
        self.content_keys = {
            n: key for key, n in columns.numbers.span.items() if key in content_keys(columns.catalog)
        }
        self.taken: list[str] = []
        self.fields: dict[str, str] = {}
        self.content: dict[str, str] = {}
        for field in columns.catalog.span_fields:
            if field.name == "span.kind":
                continue
            found = columns.candidates(field)
            value = columns.expression(field.name)
            if value is None:
                continue
            (self.content if field.content else self.fields)[field.column] = value
            takers = [c for c in found if c.key and c.source.verbatim]
            if takers and len(found) == 1 and found[0].sure and not _conditional(found[0]):
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
    columns = Columns(catalog, facts, nested)
    kind = columns.expression("span.kind") or "'other'"
    plan = _Plan(columns)
    fields = plan.fields
    keys = _Keys(columns, plan, facts, nested)
    marks = remarks(columns)
    numbers = columns.numbers

    # Layers from inside out: numbers of keys; raw values as columns; their texts and numbers; kind; fields;
    # what depends on fields.
    arrays = ["keys", "vals", "events", "links"]
    carried = [*_STRUCTURAL, *arrays]
    layer = f"SELECT {', '.join(carried)}, rkeys, rvals, {keys.kid} AS kid, {keys.rkid} AS rkid FROM {staged}"
    needed = [kind, *fields.values(), *plan.content.values(), *plan.taken, *marks.values(), *keys.contents]
    mentioned = set(_NAMES.findall(" ".join([*needed, *columns.shared.values()])))
    names: list[str] = []
    extra = ["kid", "rkid", "rvals", f"{columns.emitters()} AS emitters"]
    for level in _levels(numbers.used, mentioned):
        made = [f"{numbers.used[name]} AS {name}" for name in level]
        layer = f"SELECT {', '.join([*carried, *extra, *names, *made])} FROM ({layer})"
        names += level
        extra = ["kid", "emitters"]
    carried += ["kid", "emitters"]
    names = [name for name in names if name in mentioned]
    layer = f"SELECT {', '.join([*carried, *names])}, ifNull({kind}, 'other') AS kind FROM ({layer})"
    if columns.shared:
        more = (f"{value} AS {name}" for name, value in columns.shared.items())
        layer = f"SELECT {', '.join([*carried, *names, 'kind', *more])} FROM ({layer})"
    taken = f"[{', '.join(plan.taken)}]::Array(UInt16) AS taken"
    values = [f"{value} AS c_{name}" for name, value in fields.items()] + [
        f"{v} AS {n}" for n, v in marks.items()
    ]
    values += [f"ifNull({value}, '') AS x_{n}" for n, value in enumerate(plan.content.values())]
    again = set(_NAMES.findall(" ".join(keys.contents)))
    loose = [name for name in names if name in again]
    carried = [*_STRUCTURAL, *arrays, "kid", "kind", "emitters", *loose]
    layer = f"SELECT {', '.join([*carried, taken, *values])} FROM ({layer})"

    chosen = {name: f"c_{name}" for name in fields}
    if "input_tokens" in fields:
        chosen["input_tokens"] = input_tokens(columns, fields)
    if "output_tokens" in fields:
        chosen["output_tokens"] = output_tokens(fields)
    labels = f"{array([*plan.content, *keys.content_names])}::Array(String)"
    texts = f"[{', '.join([*(f'x_{n}' for n in range(len(plan.content))), *keys.contents])}]::Array(String)"
    if facts.long:
        long_names = f"arrayFilter((k, f) -> f, CAST(keys, 'Array(String)'), {keys.long})"
        labels = f"arrayConcat({labels}, arrayMap(k -> concat('attribute:', k), {long_names}))"
        long_values = f"arrayFilter((y, f) -> f, vals, {keys.long})"
        texts = f"arrayConcat({texts}, arrayMap(y -> {keys.long_text}, {long_values}))"
    derived = {
        "content_texts": "arrayFilter(x -> x != '', every_text)",
        "content_fields": f"arrayFilter((l, x) -> x != '', {labels}, every_text)",
        "content_hashes": HASHES,
        "content_sizes": SIZES,
        "attributes": keys.attributes,
        "trace": "sipHash64(toString(project), toFixedString(trace_id, 16))",
        "span_key": "reinterpretAsUInt64(span_id)",
        "parent_key": "reinterpretAsUInt64(parent_id)",
        **_events(catalog, facts, nested),
    }
    types = dict(_STRUCTURAL) | {"kind": "String"}
    types |= {f"c_{f.column}": _TYPES[f.type] for f in catalog.span_fields if f.column in fields}
    types |= {name: kind for name, kind in (_DERIVED | _EVENTS | _LINKS).items() if name in derived}
    values = [*_STRUCTURAL, "kind", *chosen.values()]
    values += [f"{value} AS {name}" for name, value in derived.items()]
    # What the columns are made of; columns themselves would be kept.
    aliases = f"WITH {texts} AS every_text, {keys.keep} AS keep"
    select = f"{aliases} SELECT {', '.join(values)} FROM ({layer})"
    into = ", ".join([*_STRUCTURAL, "kind", *(f"c_{name}" for name in chosen), *derived])
    return CanonicalQuery(
        select=select,
        names=into,
        columns=tuple(fields),
        structure=", ".join(f"{name} {kind}" for name, kind in types.items()),
    )


def resources_query(catalog: Catalog, facts: Facts, staged: str, nested: str, as_type: str) -> str:
    """The SELECT of each resource's number and its attributes as `as_type`, once for each resource."""
    kept = [k for k in facts.resource_keys if not catalog.denied(k)]
    chosen = f"arrayMap(k -> has({array(kept)}::Array(String), k), rkeys)"
    text = _json(facts.resource_keys, facts.resource_longest, kept, ("rkeys", "rvals", "f", chosen), nested)
    return (
        f"SELECT resource_row AS of_resource, CAST({text}, {quoted(as_type)}) AS resource"
        f" FROM (SELECT resource_row, CAST(rkeys, 'Array(String)') AS rkeys, CAST(rvals, 'Array(String)') AS"
        f" rvals FROM {staged} LIMIT 1 BY resource_row)"
    )


def _levels(used: dict[str, str], mentioned: set[str]) -> list[list[str]]:
    """The columns that are mentioned and what these are made of, in layers that only use those before; at
    least one."""
    # What looks like a column in a literal is none, or one too many.
    beneath = {name: {n for n in _NAMES.findall(value) if n in used} for name, value in used.items()}
    left = mentioned & used.keys()
    while more := {n for name in left for n in beneath[name]} - left:
        left |= more
    levels: list[list[str]] = []
    done: set[str] = set()
    while left or not levels:
        ready = sorted(name for name in left if done.issuperset(beneath[name]))
        levels.append(ready)
        done |= set(ready)
        left -= done
    return levels


class _Keys:
    """What happens to each attribute of a segment: a field, content, JSON, or nothing."""

    def __init__(self, columns: Columns, plan: _Plan, facts: Facts, nested: str) -> None:
        numbers = columns.numbers
        known = len(numbers.span)
        families = sorted(set(numbers.family.values()))
        code = {name: known + 1 + i for i, name in enumerate(families)}
        codes = numbers.span | {k: code[c] for k, c in numbers.family.items()}
        codes |= dict.fromkeys(numbers.denied, known + 1 + len(families))
        self.kid, self.rkid = _codes("keys", codes), _codes("rkeys", numbers.resource)
        # By the number of a key: 0 goes elsewhere, 1 stays in the JSON, 2 stays unless a field has taken it.
        ways = [1] + [
            0 if n in plan.always or n in plan.content_keys else 2 if n in plan.maybe else 1
            for n in range(1, known + 1)
        ]
        way = f"[{', '.join(map(str, ways + [0] * (len(families) + 1)))}]::Array(UInt8)[kid + 1]"
        stays = f"if({way} = 2, NOT has(taken, kid), {way})" if 2 in ways else way
        self.keep = f"arrayMap(kid -> {stays}, kid)"
        everything, longest = every_type(facts.keys), max(facts.longest.values(), default=0)
        self.long_text = text_of("y", everything, longest, quoted(nested))
        if facts.long:
            self.keep = f"arrayMap((kid, y) -> if(length(y) <= {LONG}, {stays}, 0), kid, vals)"
        staying = [k for k in facts.keys if k not in codes or (codes[k] <= known and ways[codes[k]])]
        self.attributes = _json(facts.keys, facts.longest, staying, ("keys", "vals", "f", "keep"), nested)
        self.long = f"arrayMap((kid, y) -> if(length(y) > {LONG}, {stays}, 0), kid, vals)"
        self.content_names: list[str] = []
        self.contents: list[str] = []
        for name, number in code.items():
            members = [k for k, family in numbers.family.items() if family == name]
            body = _json(
                facts.keys,
                facts.longest,
                members,
                ("keys", "vals", f"f = {number}", "kid"),
                nested,
                ",\n",
            )
            self.content_names.append(name)
            self.contents.append(f"if(has(kid, {number}), {body}, '')")
        for number, name in sorted(plan.content_keys.items()):
            if number not in plan.always:
                x, _, _ = numbers.text(name, False)
                self.content_names.append(f"attribute:{name}")
                self.contents.append(f"if(has(taken, {number}), '', {x})")


def _json(
    types: dict[str, frozenset[int]],
    longest: dict[str, int],
    keys: list[str],
    source: tuple[str, str, str, str],
    nested: str,
    separator: str = ",",
) -> str:
    """JSON text of some of the attributes, at most of `keys`. `source`: arrays of keys and raw values, and a
    condition that must hold of `f` in an array of flags."""
    names, values, condition, flags = source
    occur = every_type({k: types[k] for k in keys})
    literal = literal_of("y", occur, max((longest[k] for k in keys), default=0), quoted(nested))

    def chosen(of: str) -> str:
        return f"arrayFilter((x, f) -> {condition}, {of}, {flags})"

    pair = f"(k, y) -> concat(toJSONString(k), ':', {literal})"
    of_names = chosen(f"CAST({names}, 'Array(String)')")
    return json_object(f"arrayMap({pair}, {of_names}, {chosen(values)})", separator)


def _events(catalog: Catalog, facts: Facts, nested: str) -> dict[str, str]:
    """Span events and links as parallel arrays, their attributes as JSON text."""
    pair = f"concat(toJSONString(p.1), ':', arrayMap(y -> {json_literal(quoted(nested))}, [p.2])[1])"

    def attributes(of: str) -> str:
        return json_object(f"arrayMap(p -> {pair}, arrayFilter(p -> NOT {denied(catalog, 'p.1')}, {of}))")

    found: dict[str, str] = {}
    if facts.events:
        found |= {
            "event_times": "arrayMap(e -> e.1, events)",
            "event_names": "arrayMap(e -> e.2, events)",
            "event_attributes": f"arrayMap(e -> {attributes('e.3')}, events)",
        }
    if facts.links:
        found |= {
            "link_traces": "arrayMap(l -> lower(hex(l.1)), links)",
            "link_spans": "arrayMap(l -> lower(hex(l.2)), links)",
            "link_attributes": f"arrayMap(l -> {attributes('l.3')}, links)",
        }
    return found


def _codes(keys: str, codes: dict[str, int]) -> str:
    if not codes:
        return f"arrayMap(k -> toUInt16(0), {keys})"
    names, values = zip(*sorted(codes.items()), strict=True)
    return (
        f"arrayMap(k -> transform(k, {array(list(names))}, [{', '.join(map(str, values))}]::Array(UInt16),"
        f" toUInt16(0)), CAST({keys}, 'Array(String)'))"
    )
