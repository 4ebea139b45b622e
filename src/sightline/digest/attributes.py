"""JSON text of staged attributes, shared by spans, logs and metrics."""

from __future__ import annotations

from sightline.catalog.conventions import Catalog
from sightline.digest.anyvalue import ARRAY, BYTES, DOUBLE, EMPTY, KVLIST, NESTED, STRING, UNSET
from sightline.digest.steps import quoted


def literal(types: frozenset[int], nested: str) -> str:
    """The JSON literal of an attribute with text x and type code t, for the type codes that occur."""
    arms = []
    if types & {*NESTED, EMPTY}:
        arms.append(f"t IN ({ARRAY}, {KVLIST}, {BYTES}), joinGet({quoted(nested)}, 'js', x)")
    if DOUBLE in types:
        arms.append(f"t = {DOUBLE}, if(match(x, '^-?[0-9]'), x, toJSONString(x))")
    if UNSET in types:
        arms.append(f"t = {UNSET}, 'null'")
    if types <= {STRING, 1}:
        return "toJSONString(x)"
    # No text: a member under a wire type that it never has.
    known = "".join(f"{arm}, " for arm in arms)
    return f"multiIf(t = {STRING}, toJSONString(x), {known}if(x = '', 'null', x))"


def json_object(pairs: str, separator: str = ",") -> str:
    """An object of pairs that are JSON text already."""
    return f"concat('{{', arrayStringConcat({pairs}, {quoted(separator)}), '}}')"


def json_attributes(keys: str, types: str, texts: str, keep: str, text: str, separator: str = ",") -> str:
    """JSON text of the attributes for which the array of flags `keep` holds; `text` is their `literal`."""
    pair = f"concat(toJSONString(k), ':', {text})"
    chosen = ", ".join(f"arrayFilter((v, f) -> f, {a}, flags)" for a in (keys, types, texts))
    pairs = f"arrayMap((k, t, x) -> {pair}, {chosen})"
    return f"(arrayMap(flags -> {json_object(pairs, separator)}, [{keep}]))[1]"


def denied(catalog: Catalog, k: str) -> str:
    """Whether the attribute key `k` may hold credentials, whose values are stored nowhere."""
    exact = [quoted(d) for d in catalog.deny if not d.endswith("*")]
    prefixes = [f"startsWith({k}, {quoted(d[:-1])})" for d in catalog.deny if d.endswith("*")]
    tests = [f"{k} IN ({', '.join(exact)})"] if exact else []
    return f"({' OR '.join([*tests, *prefixes]) or '0'})"


def every_type(keys: dict[str, frozenset[int]]) -> frozenset[int]:
    """All type codes that occur."""
    return frozenset().union(*keys.values()) if keys else frozenset()
