"""Expressions for the canonical columns, generated from the catalog and from what occurs in a segment.

Each field becomes the first of its sources that occurs and survives its transform; nothing that does not occur
in the segment costs anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sightline.catalog.conventions import Catalog
from sightline.catalog.vocabulary import Field, FieldType, Scope, Source
from sightline.digest.anyvalue import ARRAY, BLANK, BOOL, BYTES, DOUBLE, EMPTY, INT, KVLIST, NEGATIVE, NESTED, STRING
from sightline.digest.staging import Facts
from sightline.digest.steps import apply, array, at_path, bound, number, quoted, trimmed, unquoted

_ANY_TEXT = frozenset({STRING})
# Type codes whose text is never a surprise for a field type: no test is needed for keys that show only these.
_GOOD: dict[FieldType, frozenset[int]] = {
    FieldType.STR: frozenset({STRING, BOOL, INT, DOUBLE, ARRAY, KVLIST, BYTES, NEGATIVE}),
    FieldType.INT: frozenset({INT}),
    FieldType.FLOAT: frozenset({INT, DOUBLE, NEGATIVE}),
    FieldType.BOOL: frozenset({BOOL}),
    FieldType.LIST: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One source as it occurs in a segment. `value` is typed and NULL (or []) when it has no answer.

    `key` is the number of the span attribute it takes for itself, 0 for none. `sure`: it answers whenever the
    key is there, so that nothing needs to be tested.
    """

    source: Source
    value: str
    present: str
    key: int
    sure: bool


class Numbering:
    """Numbers for the known keys of a segment: span attributes and resource attributes apart, from 1."""

    def __init__(self, facts: Facts, catalog: Catalog) -> None:
        self.facts = facts
        self.span = {k: i for i, k in enumerate(sorted(k for k in facts.keys if k in catalog.keys), 1)}
        self.resource = {k: i for i, k in enumerate(sorted(k for k in facts.resource_keys if k in catalog.keys), 1)}
        self.family: dict[str, str] = {}
        self.denied: list[str] = []
        self.rest: list[str] = []
        for key in sorted(facts.keys):
            if key in self.span:
                continue
            family = catalog.family(key)
            if catalog.denied(key):
                self.denied.append(key)
            elif family:
                self.family[key] = family.column
            else:
                self.rest.append(key)
        self.resource_rest = sorted(
            k for k in facts.resource_keys if k not in self.resource and not catalog.denied(k)
        )

    def text(self, key: str, resource: bool) -> tuple[str, str, frozenset[int]]:
        """Text and type code of an attribute as columns, and the type codes that occur. Nested values decoded."""
        if resource:
            n, types = self.resource[key], self.facts.resource_keys[key]
            x, t = f"rtexts[indexOf(rkid, {n})]", f"rtypes[indexOf(rkid, {n})]"
        else:
            n, types = self.span[key], self.facts.keys[key]
            x, t = f"texts[indexOf(kid, {n})]", f"types[indexOf(kid, {n})]"
        if types & {*NESTED, EMPTY}:
            x = f"if({t} IN {NESTED}, joinGet({{nested}}, 'txt', {x}), {x})"
        return x, t, types


def typed(kind: FieldType, x: str, t: str, types: frozenset[int], content: bool) -> tuple[str, bool]:
    """A text of known type codes as a nullable value of a field type, and whether it always answers."""
    always = _typed(kind, x, t, types, content)[1]
    return bound(x, lambda v: _typed(kind, v, t, types, content)[0]), always


def _typed(kind: FieldType, x: str, t: str, types: frozenset[int], content: bool) -> tuple[str, bool]:
    if EMPTY in types:
        types = types | {BLANK}
    known = types - {BLANK, EMPTY}
    if kind is FieldType.STR:
        says = f"match({x}, '[^ \\\\t\\\\r\\\\n\\\\f\\\\v]')"
        whole = x if content else trimmed(x)
        return (f"nullIf({whole}, '')" if BLANK not in types else f"if({says}, {whole}, NULL)"), BLANK not in types
    if kind is FieldType.INT:
        if known <= {INT, NEGATIVE}:
            return f"toUInt64OrNull({x})", types <= {INT}
        digits = f"match(trimBoth({x}), '^[0-9]{{1,18}}([.]0+)?$')"
        whole = f"toUInt64OrNull(splitByChar('.', trimBoth({x}))[1])"
        parts = []
        if known & {INT, NEGATIVE}:
            parts.append(f"{t} = {INT}, toUInt64OrNull({x})")
        if DOUBLE in known:
            d = f"toFloat64OrNull({x})"
            parts.append(f"{t} = {DOUBLE}, if(ifNull({d} >= 0 AND {d} < 9e18 AND {d} = floor({d}), 0), toUInt64(ifNull({d}, 0)), NULL)")
        if STRING in known:
            parts.append(f"{t} = {STRING} AND {digits}, {whole}")
        return (f"multiIf({', '.join(parts)}, NULL)" if parts else "CAST(NULL, 'Nullable(UInt64)')"), False
    if kind is FieldType.FLOAT:
        f = f"toFloat64OrNull({x})"
        finite = f"if(isFinite(ifNull({f}, 0)), {f}, NULL)"
        if known <= {INT, NEGATIVE}:
            return f, BLANK not in types
        if STRING in known or known & set(NESTED) or BOOL in known:
            return f"multiIf({t} IN ({INT}, {DOUBLE}), {finite}, {t} = {STRING}, {number(x)}, NULL)", False
        return finite, False
    if kind is FieldType.BOOL:
        words = "['true', 'True', '1', 'false', 'False', '0'], [1, 1, 1, 0, 0, 0]"
        value = f"transform({trimmed(x)}, {words}::Array(Nullable(Bool)), NULL::Nullable(Bool))"
        if known - {BOOL, STRING, INT}:
            value = f"if({t} IN ({BOOL}, {STRING}, {INT}), {value}, NULL)"
        return value, types <= {BOOL}
    return listed(x), False


def listed(x: str) -> str:
    """Array(String) of a text: a JSON array's elements, or the text itself; blank elements left out."""
    return bound(x, _listed)


def _listed(x: str) -> str:
    many = f"arrayMap(e -> if(startsWith(e, '\"'), JSONExtractString(e), e), JSONExtractArrayRaw({x}))"
    one = f"if({x} = '', [], [{x}])"
    found = f"if(startsWith({x}, '[') AND isValidJSON({x}), {many}, {one})"
    return f"arrayFilter(e -> e != '' AND e != 'null', arrayMap(e -> trimBoth(e), {found}))"


class Columns:
    """The canonical fields of one segment as expressions over its staged spans."""

    def __init__(self, catalog: Catalog, facts: Facts) -> None:
        self.catalog = catalog
        self.facts = facts
        self.numbers = Numbering(facts, catalog)
        self._by_name = {field.name: field for field in catalog.span_fields}

    def candidates(self, field: Field) -> list[Candidate]:
        """The sources of a field that occur in the segment, in order of precedence."""
        found: list[Candidate] = []
        for source in field.applicable:
            for resource in (False, True):
                candidate = self._candidate(field, source, resource)
                if candidate:
                    found.append(candidate)
                    if candidate.sure and candidate.present == "1" and not self._condition(source):
                        return found
        return found

    def _candidate(self, field: Field, source: Source, resource: bool) -> Candidate | None:
        taken = 0
        if source.scope in (Scope.ATTRIBUTE, Scope.RESOURCE):
            if source.scope is Scope.RESOURCE and not resource:
                return None
            known = self.numbers.resource if resource else self.numbers.span
            if source.attribute not in known:
                return None
            x, t, types = self.numbers.text(source.attribute, resource)
            taken = 0 if resource else known[source.attribute]
            present = f"has({'rkid' if resource else 'kid'}, {known[source.attribute]})"
        else:
            if resource:
                return None
            column = {
                "name": "name",
                "status.code": "toString(code)",
                "status.message": "message",
                "droppedAttributesCount": "toString(dropped)",
            }[source.attribute]
            x, t, types, present = "scope" if source.scope is Scope.SCOPE else column, "10", _ANY_TEXT | {BLANK}, "1"
        kind, sure = field.type, True
        if source.path or source.steps:
            if source.path:
                x = at_path(unquoted(x), source.path)
            for step in source.steps:
                if step.name != "enum" or kind is not FieldType.LIST:
                    x = apply(x, step, self.catalog.words)
            changed = source.path or any(step.name not in ("cache_inferred",) for step in source.steps)
            if changed and not source.verbatim:
                t, types, sure = "10", _ANY_TEXT | {BLANK}, False
        if kind is FieldType.LIST:
            if types & {KVLIST, BYTES}:
                x = f"if({t} IN ({KVLIST}, {BYTES}), '', {x})"
            value = self._list(x, source)
            return Candidate(source, self._guarded(source, value, "[]"), present, taken, False)
        value, always = typed(kind, x, t, types, field.content)
        return Candidate(source, self._guarded(source, value, "NULL"), present, taken, sure and always)

    def _list(self, x: str, source: Source) -> str:
        if source.has("split_comma"):
            return f"arrayFilter(e -> e != '', arrayMap(e -> trimBoth(e), splitByChar(',', {x})))"
        enums = [s for s in source.steps if s.name == "enum"]
        if not enums:
            return listed(x)
        return f"arrayFilter(e -> e != '', arrayMap(e -> {apply('e', enums[0], self.catalog.words)}, {listed(x)}))"

    def _condition(self, source: Source) -> list[str]:
        conditions = []
        if source.emitter:
            conditions.append(f"has(emitters, {quoted(source.emitter)})")
        if source.kinds:
            conditions.append(f"kind IN ({', '.join(quoted(k) for k in sorted(source.kinds))})")
        if source.root_only:
            conditions.append("parent_id = ''")
        return conditions

    def _guarded(self, source: Source, value: str, absent: str) -> str:
        conditions = self._condition(source)
        return f"if({' AND '.join(conditions)}, {value}, {absent})" if conditions else value

    def expression(self, name: str) -> str | None:
        """A field's value, or None when no source of it occurs in the segment."""
        field = self._by_name[name]
        found = [c.value for c in self.candidates(field)]
        if field.type is FieldType.LIST:
            if not found:
                return None
            chain = found[-1]
            for value in reversed(found[:-1]):
                chain = f"if(notEmpty({value}), {value}, {chain})"
            return chain
        if field.default:
            found.append(quoted(field.default))
        if not found:
            return None
        return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"

    def emitters(self) -> str:
        """Array of the senders a span may come from: only those that some source or rule asks about."""
        parts = []
        for emitter in self.catalog.emitters:
            tests = []
            scopes = [s for s in self.facts.scopes if emitter.sends(s, frozenset(), "")]
            if scopes:
                tests.append(f"scope IN ({', '.join(quoted(s) for s in scopes)})")
            markers = [k for k in self.facts.keys if emitter.sends("", frozenset({k}), "")]
            if markers:
                tests.append(f"hasAny(keys, {array(sorted(markers))})")
            if emitter.services and "service.name" in self.numbers.resource:
                x, _, _ = self.numbers.text("service.name", True)
                tests.append(f"{x} IN ({', '.join(quoted(s) for s in emitter.services)})")
            if tests:
                parts.append(f"if({' OR '.join(tests)}, {quoted(emitter.name)}, '')")
        return f"arrayFilter(e -> e != '', [{', '.join(parts)}])" if parts else "[]::Array(String)"
