"""The steps of a transform, one plain function each: a value in, a value out, None for no answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sightline.catalog.values import (
    Value,
    as_bool,
    as_float,
    as_int,
    as_list,
    number_text,
    parse_json,
    plain,
    text,
)
from sightline.catalog.vocabulary import REMARKS, FieldType, Step, Words

# How many spans one may stand for: more would let a single hostile value outweigh everything else.
HEAVIEST = 1_000_000
# The rejection threshold of OpenTelemetry's consistent sampling, of up to 56 bits.
THRESHOLD = re.compile(r"(?:^|,)[ \t]*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:[;, \t]|$)", re.ASCII)
REDACTED = frozenset({"<REDACTED>", "__REDACTED__"})
ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:[.]([0-9]{1,9}))?(Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
DATE_SUFFIX = re.compile(r"[-@]([0-9]{4}-[0-9]{2}-[0-9]{2}|20[0-9]{6})(?:-v[0-9]+(?::[0-9]+)?)?$", re.ASCII)
CLASS_REPR = re.compile(r"^<class '([^']+)'>$")
URL_HOST = re.compile(r"^(?:[a-zA-Z][a-zA-Z0-9+.-]*://)?(?:[^/?#@]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#:@\[\]]+)")
USER_INFO = re.compile(r"://[^/?#@]*@")
SECRET_QUERY = re.compile(
    r"(?i)([?&](?:[a-z_-]*(?:key|token|secret|signature|password|credential|auth)[a-z_-]*|sig|pwd|code)=)[^&#]*"
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a step may need to know besides the value: the words of the dialects and the span's start (ns)."""

    words: dict[str, Words]
    start_time: int


def inside(value: Value, path: tuple[str, ...]) -> Value:
    """The value at a path of object keys inside JSON text (encoded once or twice) or a structure."""
    value = plain(value)
    for _encoding in range(2):
        if isinstance(value, str):
            value = parse_json(value)
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    found: Value = number_text(value)
    return found


def apply(step: Step, value: Value, kind: FieldType, around: Surroundings) -> Value:
    """One step applied to a value; None when the value does not survive it."""
    if step.name == "weight":
        weight = as_float(value)
        return value if weight is not None and 1 <= weight <= HEAVIEST else None
    if step.name in REMARKS:
        return None if step.name == "not_redacted" and text(value) in REDACTED else value
    if step.name == "enum":
        words = around.words[step.argument]
        if kind is FieldType.LIST:
            return [w for w in map(words.translate, as_list(value) or ()) if w is not None]
        return _on_text(lambda said, _: words.translate(said))(value, "")
    if step.name == "iso_minus_start_ns":
        return _iso_minus_start(value, around.start_time)
    return _STEPS[step.name](value, step.argument)


def _json2(value: Value, _: str) -> Value:
    for _encoding in range(2):
        if isinstance(value, str) and value.strip(" ").startswith('"'):
            parsed = parse_json(value)
            value = parsed if isinstance(parsed, str) else value
    return value


def _on_text(change: Callable[[str, str], Value]) -> Callable[[Value, str], Value]:
    def step(value: Value, argument: str) -> Value:
        said = text(value)
        return None if said is None else change(said.strip(" "), argument)

    return step


def _not(value: Value, _: str) -> Value:
    truth = as_bool(value)
    return None if truth is None else not truth


def _minus_one(value: Value, _: str) -> Value:
    count = as_int(value)
    return count - 1 if count else None


def _inverse(value: Value, _: str) -> Value:
    rate = as_float(value)
    return 1 / rate if rate is not None and rate > 0 else None


def _percent(value: Value, _: str) -> Value:
    share = as_float(value)
    return share / 100 if share is not None and share > 0 else None


def _adjusted_count(said: str, _: str) -> Value:
    """How many spans one stands for that a threshold let through."""
    found = THRESHOLD.search(said)
    return 2.0**56 / float(2**56 - int(found[1].ljust(14, "0"), 16)) if found else None


def _nanoseconds(unit: float) -> Callable[[Value, str], Value]:
    def step(value: Value, _: str) -> Value:
        amount = as_float(value)
        if amount is None or not 0 <= amount * unit < 1e18:
            return None
        return round(amount * unit)

    return step


def _above(value: Value, limit: str) -> Value:
    count = as_int(value)
    return True if count is not None and count > int(limit) else None


def _iso_minus_start(value: Value, start: int) -> Value:
    said = text(value)
    found = ISO.fullmatch(said.strip(" ")) if said else None
    if not found:
        return None
    zone = (found[4] or "Z").replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    difference = int(moment.timestamp()) * 10**9 + int((found[3] or "0").ljust(9, "0")) - start
    return difference if difference >= 0 else None


def _split_comma(value: Value, _: str) -> Value:
    listed = as_list(value) or ()
    return [part.strip(" ") for item in listed for part in item.split(",")]


def _url_host(said: str, _: str) -> Value:
    found = URL_HOST.search(said)
    return found[1].lower() if found else None


def _python_repr(said: str, key: str) -> Value:
    found = re.search(rf"'{re.escape(key)}': *([0-9]+)", said, re.ASCII)
    return found[1] if found else None


def _usage(value: Value, side: str) -> Value:
    """Input or output tokens of a usage object: disjoint (`input`, `input_…`) or in a provider's shape."""
    buckets = inside(value, ())
    if not isinstance(buckets, dict):
        return None
    chat = "prompt_tokens" if side == "input" else "completion_tokens"
    if (count := as_int(buckets.get(chat))) is not None:
        return count
    if (count := as_int(buckets.get(f"{side}_tokens"))) is not None:
        cached = ("cache_read_input_tokens", "cache_creation_input_tokens") if side == "input" else ()
        return count + sum(as_int(buckets.get(k)) or 0 for k in cached)
    parts = [as_int(v) for k, v in buckets.items() if k == side or k.startswith(f"{side}_")]
    known = [p for p in parts if p is not None]
    return sum(known) if known else None


def _prefix(said: str, prefix: str) -> Value:
    return said[len(prefix) :] or None if said.startswith(prefix) else None


def _redact(said: str, _: str) -> Value:
    return SECRET_QUERY.sub(r"\1REDACTED", USER_INFO.sub("://", said))


def _date_suffix(said: str, _: str) -> Value:
    found = DATE_SUFFIX.search(said)
    return found[1] if found else None


_STEPS: dict[str, Callable[[Any, str], Value]] = {
    "json2": _json2,
    "const": _on_text(lambda said, constant: constant),
    "const_if_true": lambda value, constant: constant if as_bool(value) else None,
    "equals": _on_text(lambda said, other: True if said == other else None),
    "is": _on_text(lambda said, other: said == other),
    "above": _above,
    "matches": _on_text(lambda said, pattern: True if re.search(pattern, said) else None),
    "not": _not,
    "minus_one": _minus_one,
    "inverse": _inverse,
    "percent": _percent,
    "adjusted_count": _on_text(_adjusted_count),
    "s_to_ns": _nanoseconds(1e9),
    "ms_to_ns": _nanoseconds(1e6),
    "before_first_dot": _on_text(lambda said, _: said.partition(".")[0] or None),
    "split_comma": _split_comma,
    "strip_prefix": _on_text(_prefix),
    "strip_python_class_repr": _on_text(lambda said, _: CLASS_REPR.sub(r"\1", said)),
    "date_suffix": _on_text(_date_suffix),
    "url_host": _on_text(_url_host),
    "url_redact": _on_text(_redact),
    "python_repr": _on_text(_python_repr),
    "usage": _usage,
}
