"""A text of known type codes as a nullable value of a field's type, as expressions."""

from __future__ import annotations

from typing import Any

from sightline.catalog.vocabulary import FieldType
from sightline.digest.anyvalue import BLANK, BOOL, DOUBLE, EMPTY, INT, NEGATIVE, PADDED, STRING
from sightline.digest.steps import array, both, bound, number, quoted, trimmed

# The type code where a value is known to be text.
TEXT = str(STRING)


def typed(kind: FieldType, x: str, t: str, types: frozenset[int], content: bool) -> tuple[str, bool]:
    """A text of known type codes as a nullable value of a field type, and whether it always answers."""
    always = _typed(kind, x, t, types, content)[1]
    return bound(x, lambda v: _typed(kind, v, t, types, content)[0]), always


def _typed(kind: FieldType, x: str, t: str, types: frozenset[int], content: bool) -> tuple[str, bool]:
    if EMPTY in types:
        types = types | {BLANK}
    known = types - {BLANK, PADDED, EMPTY}
    if kind is FieldType.STR:
        blank = BLANK in types
        whole = trimmed(x) if not content and (blank or PADDED in types) else x
        says = f"match({x}, '[^ \\\\t\\\\r\\\\n\\\\f\\\\v]')"
        return (f"if({says}, {whole}, NULL)" if blank else f"nullIf({whole}, '')"), not blank
    if kind is FieldType.INT:
        return _integer(x, t, types, known)
    if kind is FieldType.FLOAT:
        f = f"toFloat64OrNull({x})"
        if known <= {INT, NEGATIVE} and not types & {BLANK, PADDED}:
            return f, True
        if t == TEXT:
            return number(x), False
        finite = f"if(isFinite(ifNull({f}, 0)), {f}, NULL)"
        if known <= {INT, NEGATIVE, DOUBLE} and not types & {BLANK, PADDED}:
            return finite, False
        return f"multiIf({t} IN ({INT}, {DOUBLE}), {finite}, {t} = {STRING}, {number(x)}, NULL)", False
    if kind is FieldType.BOOL:
        words = "['true', 'True', '1', 'false', 'False', '0'], [1, 1, 1, 0, 0, 0]"
        value = f"transform({trimmed(x)}, {words}::Array(Nullable(Bool)), NULL::Nullable(Bool))"
        if known - {BOOL, STRING, INT} and t != TEXT:
            value = f"if({t} IN ({BOOL}, {STRING}, {INT}), {value}, NULL)"
        return value, types <= {BOOL}
    return _listed(x), False


def _integer(x: str, t: str, types: frozenset[int], known: frozenset[int]) -> tuple[str, bool]:
    if known <= {INT, NEGATIVE} and not types & {BLANK, PADDED}:
        return f"toUInt64OrNull({x})", types <= {INT}
    digits = f"match(trimBoth({x}), '^[0-9]{{1,18}}([.]0{{1,20}})?$')"
    of_text = f"toUInt64OrNull(splitByChar('.', trimBoth({x}))[1])"
    if t == TEXT:
        return f"if({digits}, {of_text}, NULL)", False
    parts = []
    if known & {INT, NEGATIVE}:
        parts.append(f"{t} = {INT}, toUInt64OrNull({x})")
    if DOUBLE in known:
        d = f"ifNull(toFloat64OrNull({x}), -1)"
        whole = both(both(f"{d} >= 0", f"{d} < 1e18"), both(f"{d} = floor({d})", f"NOT startsWith({x}, '-')"))
        parts.append(f"{t} = {DOUBLE}, if({whole}, toUInt64({d}), NULL)")
    if STRING in known or PADDED in types:
        parts.append(f"{both(f'{t} = {STRING}', digits)}, {of_text}")
    return (f"multiIf({', '.join(parts)}, NULL)" if parts else "CAST(NULL, 'Nullable(UInt64)')"), False


def _listed(x: str) -> str:
    """Array(String) of a text: a JSON array's elements, or the text itself; blank elements left out."""
    many = f"arrayMap(e -> if(startsWith(e, '\"'), JSONExtractString(e), e), JSONExtractArrayRaw({x}))"
    one = f"if({x} = '', [], [{x}])"
    found = f"if({both(f'startsWith(trimLeft({x}), {quoted(chr(91))})', f'isValidJSON({x})')}, {many}, {one})"
    return f"arrayFilter(e -> NOT has(['', 'null'], e), arrayMap(e -> trimBoth(e), {found}))"


NULL_OF = {
    FieldType.STR: "CAST(NULL, 'Nullable(String)')",
    FieldType.INT: "CAST(NULL, 'Nullable(UInt64)')",
    FieldType.FLOAT: "CAST(NULL, 'Nullable(Float64)')",
    FieldType.BOOL: "CAST(NULL, 'Nullable(Bool)')",
    FieldType.LIST: "[]::Array(String)",
}


def by_word(kind: FieldType, x: str, meant: dict[str, Any]) -> str:
    """A value looked up by its word."""
    if not meant:
        return NULL_OF[kind]
    texts = array(list(meant))
    if kind is FieldType.LIST:
        lists = "[" + ", ".join(f"{array(list(v))}::Array(String)" for v in meant.values()) + "]"
        return f"{lists}[indexOf({texts}, {x})]"
    if kind is FieldType.STR:
        if all(word == value for word, value in meant.items()):
            return f"nullIf({x}, '')" if len(meant) > 1 else f"if({x} = {texts}[1], {x}, NULL)"
        return f"nullIf(transform({x}, {texts}, {array([str(v) for v in meant.values()])}, ''), '')"
    values = ", ".join(str(int(v)) if kind is not FieldType.FLOAT else repr(float(v)) for v in meant.values())
    of = {FieldType.INT: "UInt64", FieldType.FLOAT: "Float64", FieldType.BOOL: "Bool"}[kind]
    return f"transform({x}, {texts}, [{values}]::Array(Nullable({of})), NULL::Nullable({of}))"
