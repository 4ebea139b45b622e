"""Scores as Langfuse's SDKs send them (`POST /api/public/scores`), read as Sightline's own.

The shape is that of langfuse 5: a list of scores, or one alone. Langfuse's words are mapped to ours:
`observationId` is a span, `comment` an explanation, `dataType` one of NUMERIC, BOOLEAN, CATEGORICAL, TEXT and
CORRECTION, `source` ANNOTATION a person, EVAL an evaluator and API whoever calls.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sightline.records.scores import DataType, Score, ScoreSource, ScoreTarget

MOST = 1000
"""Scores of one request; langfuse sends at most a hundred."""
_TYPES = {
    "NUMERIC": DataType.NUMERIC,
    "BOOLEAN": DataType.BOOLEAN,
    "CATEGORICAL": DataType.CATEGORICAL,
    "TEXT": DataType.COMMENT,
    "CORRECTION": DataType.CORRECTION,
}
_SOURCES = {
    "ANNOTATION": ScoreSource.PERSON,
    "EVAL": ScoreSource.EVALUATOR,
    "API": ScoreSource.EVALUATOR,
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A score that cannot be kept: its id or its place in the request, and why."""

    id: str
    why: str


def read(body: bytes, project: str, now: int) -> tuple[tuple[Score, ...], tuple[Refused, ...]]:
    """The scores of a request received at `now` (ns), and what of it is none. Raises ValueError when the body
    is no request of scores at all."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the body is no JSON ({error}); expected a list of Langfuse scores") from error
    items = said if isinstance(said, list) else [said]
    if not 1 <= len(items) <= MOST:
        raise ValueError(f"{len(items)} scores were sent at once; expected 1 to {MOST}")
    scores: list[Score] = []
    refused: list[Refused] = []
    for number, item in enumerate(items):
        try:
            scores.append(_score(item, project, now))
        except ValueError as error:
            named = item.get("id") if isinstance(item, dict) else None
            refused.append(Refused(named if isinstance(named, str) else str(number), str(error)))
    return tuple(scores), tuple(refused)


def _score(item: Any, project: str, now: int) -> Score:
    if not isinstance(item, dict):
        raise ValueError(f"a score is {type(item).__name__}; expected an object")
    name, value = _text(item, "name"), item.get("value")
    if not name:
        raise ValueError("name is missing; expected what is scored")
    target, ids = _target(item)
    kind = _kind(item, value)
    number, label, comment, correction = None, "", _text(item, "comment"), ""
    if kind in (DataType.NUMERIC, DataType.BOOLEAN):
        number = _number(name, value)
    elif kind is DataType.CATEGORICAL:
        label = str(value)
    elif kind is DataType.CORRECTION:
        correction = str(value)
    else:
        comment = str(value)
    at = _text(item, "timestamp")
    return Score(
        project=project,
        id=_text(item, "id") or f"{target}:{ids['trace_id']}{ids['span_id']}{ids['session_id']}:{name}",
        name=name,
        target=target,
        trace_id=ids["trace_id"],
        span_id=ids["span_id"],
        session_id=ids["session_id"],
        response_id="",
        data_type=kind,
        value=number,
        label=label,
        comment=comment,
        correction=correction,
        source=_SOURCES.get(_text(item, "source").upper(), ScoreSource.EVALUATOR),
        author="",
        method="langfuse",
        environment=_text(item, "environment"),
        service="",
        time=_moment(at, now) if at else now,
        version=now,
    )


def _target(item: Mapping[str, Any]) -> tuple[ScoreTarget, dict[str, str]]:
    """What is scored; ids are hexadecimal where OpenTelemetry's are."""
    trace, span, session = (_text(item, key) for key in ("traceId", "observationId", "sessionId"))
    if trace:
        target = ScoreTarget.SPAN if span else ScoreTarget.TRACE
        return target, {"trace_id": trace.lower(), "span_id": span.lower(), "session_id": ""}
    if session:
        return ScoreTarget.SESSION, {"trace_id": "", "span_id": "", "session_id": session}
    raise ValueError("nothing is said to be scored; expected traceId or sessionId")


def _kind(item: Mapping[str, Any], value: Any) -> DataType:
    said = _text(item, "dataType").upper()
    if said and said not in _TYPES:
        raise ValueError(f"dataType is {said[:40]!r}; expected one of {', '.join(_TYPES)}")
    if value is None:
        raise ValueError("value is missing; expected a number or a text")
    return _TYPES[said] if said else DataType.CATEGORICAL if isinstance(value, str) else DataType.NUMERIC


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"value of {name[:80]} is {value!r:.80}; expected a number") from error
    if not math.isfinite(number):
        raise ValueError(f"value of {name[:80]} is {value!r:.80}; expected a finite number")
    return number


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return value.strip() if isinstance(value, str) else ""


def _moment(text: str, now: int) -> int:
    """A time of ISO 8601 in ns, UTC where it names no zone; the time of receipt where it is none."""
    try:
        at = datetime.fromisoformat(text)
        said = at if at.tzinfo else at.replace(tzinfo=UTC)
        ns = int(said.timestamp()) * 10**9 + said.microsecond * 1000
    except (ValueError, OverflowError):
        return now
    return ns if ns > 0 else now
