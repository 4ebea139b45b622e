"""Anyone's logs in JSON: fields recognised by their names, units by their names or as told, never guessed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sightline.report.answers import answer_of, excerpt_of
from sightline.report.call import Call
from sightline.report.log_names import HOLDERS, KINDS, NAMES, SAID_UNITS, TIMED, UNITS, WRAPPERS
from sightline.report.otlp import key_of

_DEPTH = 5
_SHAPES = 2048
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_ENOUGH = frozenset({"model", "latency", "input", "output", "cost", "total", "end", "answer", "error"})
_FAILED = frozenset({"error", "failed", "failure", "critical", "fatal", "exception", "timeout", "false"})
_ALIASES = {
    "latency_ms": "latency",
    "duration": "latency",
    "input_tokens": "input",
    "prompt_tokens": "input",
    "output_tokens": "output",
    "completion_tokens": "output",
    "total_tokens": "total",
    "cost_usd": "cost",
    "user_id": "user",
    "error_type": "error",
    "start": "time",
    "timestamp": "time",
    "time_to_first_token": "ttft",
    "question": "prompt",
    "output_text": "answer",
}


class FieldError(Exception):
    """A mapping of a field that cannot be; the message says what was expected."""


def mappings(words: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """`--field latency=took:ms` as field → (path, unit). Raises FieldError."""
    found: dict[str, tuple[str, str]] = {}
    for word in words:
        field, equals, path = word.partition("=")
        field = _ALIASES.get(field, field)
        if not equals or not path or field not in NAMES:
            known = ", ".join(NAMES)
            raise FieldError(f"--field {word}: write FIELD=NAME or FIELD=NAME:UNIT; the fields are {known}.")
        name, colon, unit = path.rpartition(":")
        if colon and field in TIMED:
            if unit not in UNITS:
                raise FieldError(f"--field {word}: unit {unit!r} is none of {', '.join(UNITS)}.")
            found[field] = (name, unit)
        else:
            found[field] = (path, "")
    return found


class LogReader:
    """Reads records of logs. `unknown_units` counts the names whose unit nobody said."""

    def __init__(self, told: Mapping[str, tuple[str, str]] | None = None) -> None:
        self._told = dict(told or {})
        self._plans: dict[tuple[str, ...], list[tuple[str, list[tuple[str, str]]]]] = {}
        self._taken: Counter[tuple[str, tuple[str, str]]] = Counter()
        self.unknown_units: Counter[str] = Counter()

    def read(self, value: Any) -> Iterator[Call | str]:
        """The records in a value as calls; a text says why one is none."""
        for record in _records(value, 0):
            if not isinstance(record, dict):
                yield f"it is {_named(record)}, an object was expected"
                continue
            try:
                yield self._call(record)
            except (TypeError, ValueError, OverflowError, RecursionError) as error:
                yield f"it cannot be read: {error}"

    def _call(self, record: dict[str, Any]) -> Call | str:
        flat = _flat(_unwrapped(record))
        shape = tuple(flat)
        candidates = self._plans.get(shape)
        if candidates is None:
            candidates = self._planned(flat)
            if len(self._plans) < _SHAPES:
                self._plans[shape] = candidates
        plan: dict[str, tuple[str, str]] = {}
        for field, places in candidates:
            for place in places:
                if _fits(field, flat[place[0]]):
                    plan[field] = place
                    break
        if not plan.keys() & _ENOUGH:
            return "no name in it is known (model, latency, tokens, cost, …); say which with --field"
        told = {field: flat[path] for field, (path, _) in plan.items()}
        for field, place in plan.items():
            self._taken[field, place] += 1
        return self._made(told, plan)

    @property
    def taken(self) -> list[tuple[str, str, int]]:
        """Which name gave which field how often, in the order of fields."""
        order = list(NAMES)
        found = [
            (field, f"{path} ({unit})" if unit else path, n)
            for (field, (path, unit)), n in self._taken.items()
        ]
        return sorted(found, key=lambda one: (order.index(one[0]), -one[2]))

    def _planned(self, flat: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
        """For each field the paths of a shape that may give it, the likelier first."""
        plan: list[tuple[str, list[tuple[str, str]]]] = []
        for field, names in NAMES.items():
            if field in self._told:
                path, unit = self._told[field]
                places = [(path, unit or _unit(path))] if path in flat else []
            else:
                # A telling name inside counts before a vague one outside where texts are looked for.
                paths = (
                    [w + n for n in names for w in WRAPPERS]
                    if field in ("answer", "prompt")
                    else [w + n for w in WRAPPERS for n in names]
                )
                places = [(p, _unit(p) if field in TIMED else "") for p in paths if p in flat]
            if places:
                plan.append((field, places))
        return plan

    def _made(self, told: Mapping[str, Any], plan: Mapping[str, tuple[str, str]]) -> Call:
        call = Call(time=moment(told.get("time")))
        end = moment(told.get("end"))
        call.duration = self._time(told, plan, "latency")
        if call.duration is None and call.time is not None and end is not None:
            call.duration = max(end - call.time, 0)
        call.ttft = self._time(told, plan, "ttft")
        first = moment(told.get("first_token"))
        if call.ttft is None and call.time is not None and first is not None and first >= call.time:
            call.ttft = first - call.time
        for field in ("input", "output", "total", "cache_read", "cache_write", "reasoning"):
            setattr(call, field, _count(told.get(field)))
        _include_cache(call, plan)
        call.cost = _float(told.get("cost"))
        call.cost_reported = call.cost is not None
        for field in ("model", "provider", "user", "feature", "service"):
            setattr(call, field, _word(told.get(field)))
        call.asked_model = call.model
        call.name = _word(told.get("name")) or ""
        call.kind = KINDS.get(str(told.get("kind", "")).lower(), "") or (
            "llm" if call.model or call.has_usage else "other"
        )
        call.error = _error(told.get("error"), told.get("status"))
        weight = _float(told.get("weight"))
        call.weight = weight if weight is not None and 1 <= weight < 1e9 else 1.0
        if call.is_model:
            call.answer = answer_of(told.get("answer"))
            call.excerpt = excerpt_of(told.get("prompt"))
        call.trace, call.span = str(told.get("trace", "")), str(told.get("span", ""))
        call.key = key_of(call.trace, call.span)
        call.parent = key_of(call.trace, str(told.get("parent") or ""))
        return call

    def _time(self, told: Mapping[str, Any], plan: Mapping[str, tuple[str, str]], field: str) -> int | None:
        value = told.get(field)
        if value is None:
            return None
        path, unit = plan[field]
        if isinstance(value, str):
            written = re.fullmatch(r"\s*([0-9.]+)\s*(ns|us|µs|ms|s|sec|seconds|m)\s*", value)
            if written:
                value = written[1]
                unit = {"µs": "us", "sec": "s", "seconds": "s"}.get(written[2], written[2])
        number = _float(value)
        if number is None or number < 0:
            return None
        if not unit:
            self.unknown_units[f"{field}={path}"] += 1
            return None
        return round(number * UNITS[unit])


def _records(value: Any, depth: int) -> Iterator[Any]:
    """The records of a value: itself, the items of a list, those of an object that holds nothing else."""
    if isinstance(value, list):
        for one in value:
            yield from _records(one, depth) if isinstance(one, list) else (one,)
        return
    if isinstance(value, dict) and depth == 0:
        for holder in HOLDERS:
            listed: Any = value.get(holder)
            held = isinstance(listed, list) and listed and all(isinstance(one, dict) for one in listed)
            if held and not value.keys() & {"model", "usage", "choices"}:
                yield from listed
                return
    yield value


def _unwrapped(record: dict[str, Any]) -> dict[str, Any]:
    """A record whose text is the real one: lines of a container's log, messages of a logger."""
    for key in ("log", "message", "msg", "line", "textPayload", "_raw"):
        text = record.get(key)
        if isinstance(text, str) and text.lstrip()[:1] == "{":
            try:
                inner = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(inner, dict):
                return {**{k: v for k, v in record.items() if k != key}, **inner}
    return record


def _flat(record: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Paths with dots to what is no object; an object is there under its own path, too."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        path = f"{prefix}{key}"
        found[path] = value
        if isinstance(value, dict) and depth < _DEPTH:
            found.update(_flat(value, f"{path}.", depth + 1))
    return found


def _fits(field: str, value: Any) -> bool:
    """Whether a value can be the field's, so that `user: {…}` is not taken for a user's name."""
    if value is None:
        return False
    if field in ("answer", "prompt"):
        return isinstance(value, str | list | dict)
    if field == "error":
        return not isinstance(value, list) and value not in ("", False, {})
    if field in (
        "input",
        "output",
        "total",
        "cache_read",
        "cache_write",
        "reasoning",
        "cost",
        "latency",
        "ttft",
        "weight",
    ):
        return _float(value) is not None or (field in TIMED and isinstance(value, str))
    if field in ("time", "end", "first_token"):
        return moment(value) is not None
    return isinstance(value, str | int | float | bool)


def _unit(path: str) -> str:
    return next((unit for ending, unit in SAID_UNITS if path.endswith(ending)), "")


def moment(value: Any) -> int | None:
    """A moment in ns: ISO 8601 (without a zone: UTC), or a number since 1970 whose size tells its unit."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        if _ISO.match(value):
            try:
                found = datetime.fromisoformat(value.strip().replace(",", ".").replace(" UTC", "+00:00"))
            except ValueError:
                return None
            seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
            return _within(round(seconds * 1e6) * 1000)
        try:
            value = float(value) if "." in value else int(value)
        except ValueError:
            return None
    if not isinstance(value, int | float):
        return None
    for least, factor in ((1e17, 1), (1e14, 10**3), (1e11, 10**6), (1e8, 10**9)):
        if least <= value < 4e18:
            return _within(round(value * factor))
    return None


def _within(moment: int) -> int | None:
    """Not what 64 bits of nanoseconds cannot hold: beyond 2262."""
    return moment if abs(moment) < 2**63 else None


def _include_cache(call: Call, plan: Mapping[str, tuple[str, str]]) -> None:
    """Anthropic counts cached tokens beside the input, others inside it; here they are inside."""
    read = plan.get("cache_read", ("", ""))[0]
    beside = read.endswith("cache_read_input_tokens") or (call.cache_read or 0) > (call.input or 0)
    beside = beside or "cache_creation_input_tokens" in plan.get("cache_write", ("", ""))[0]
    # LiteLLM has Anthropic's names, and OpenAI's count.
    inside = plan.get("input", ("", ""))[0].endswith("prompt_tokens") and not (
        (call.cache_read or 0) + (call.cache_write or 0) > (call.input or 0)
    )
    if call.input is not None and beside and not inside and "usage_metadata" not in read:
        call.input += (call.cache_read or 0) + (call.cache_write or 0)
    # Gemini counts thoughts beside the answer, others inside it.
    thoughts = plan.get("reasoning", ("", ""))[0].lower().replace("_", "").endswith("thoughtstokencount")
    if call.output is not None and thoughts:
        call.output += call.reasoning or 0


def _error(error: Any, status: Any) -> str:
    """The type of an error; empty for a success."""
    if error not in (None, "", False, {}, [], "null", "None"):
        if isinstance(error, dict):
            error = error.get("type") or error.get("code") or error.get("message") or "error"
        if error is True:
            return "error"
        lines = str(error).strip().splitlines() or ["error"]
        text = lines[-1].strip() if lines[0].startswith("Traceback (most") else lines[0]
        # `ValueError: no such model` and `ValueError('no such model')` are of one type.
        named = re.match(r"([A-Za-z_][\w.]*(?:Error|Exception|Timeout|Limit|Refused))\b", text)
        return (named[1] if named else text)[:80]
    if isinstance(status, bool):
        return "" if status else "error"
    if isinstance(status, int | float) or (isinstance(status, str) and status.isdigit()):
        if int(status) in (50, 60):  # the level of pino and bunyan: an error, fatal
            return "error"
        return f"HTTP {int(status)}" if 400 <= int(status) < 600 else ""
    return "error" if str(status).lower() in _FAILED else ""


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if found == found and abs(found) != float("inf") else None


def _count(value: Any) -> int | None:
    number = _float(value)
    return None if number is None or number < 0 else round(number)


def _word(value: Any) -> str | None:
    return None if value is None or isinstance(value, bool | dict | list) or value == "" else str(value)[:300]


def _named(value: Any) -> str:
    return {list: "a list", str: "a text", int: "a number", float: "a number", type(None): "null"}.get(
        type(value), "a value"
    )
