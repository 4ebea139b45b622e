"""Events and attributes that are scores, read into records: pure, and lenient, since senders differ.

Events are OpenTelemetry's `gen_ai.evaluation.result`, as log records or as events of a span; attributes are
OpenInference's numbered annotations. What a score is about, who gave it and what it is called are looked for
where their senders put them (`catalog/conventions/evaluation.toml`).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sightline.records.scores import DataType, Score, ScoreSource, ScoreTarget

EVENT = "gen_ai.evaluation.result"
EVENT_KEYS = (
    "gen_ai.evaluation.name",
    "gen_ai.evaluation.score.value",
    "gen_ai.evaluation.score.label",
    "gen_ai.evaluation.explanation",
    "gen_ai.response.id",
    "gen_ai.conversation.id",
    "session.id",
    "sightline.score.id",
    "sightline.score.target",
    "sightline.score.data_type",
    "sightline.score.correction",
    "sightline.score.source",
    "sightline.score.author",
    "sightline.score.method",
    "sightline.score.deleted",
    "aws.bedrock_agentcore.evaluation_level",
    "aws.bedrock_agentcore.evaluator.arn",
)
"""What is read of an event; everything else it says stays where its record is."""
ANNOTATION = re.compile(
    r"(?:(trace|session)\.)?(annotations|evaluations)\.(\d{1,6})\.(?:annotation|evaluation)\."
    r"(name|score|label|explanation|annotator_kind|identifier)"
)
UNNAMED = "unnamed"
"""What a score is called whose sender did not say."""
MOST_NAME, MOST_ID, MOST_LABEL = 200, 200, 1000
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SOURCES = {
    "human": ScoreSource.PERSON,
    "llm": ScoreSource.EVALUATOR,
    "code": ScoreSource.RULE,
    **{str(source): source for source in ScoreSource},
}
_LEVELS = {"session": ScoreTarget.SESSION, "trace": ScoreTarget.TRACE, "span": ScoreTarget.SPAN}
_TRUE = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True, slots=True)
class Around:
    """Where an event or attribute stood. Ids are lower-case hex, '' for none; moments are ns, 0: not said."""

    project: str
    trace_id: str
    span_id: str
    session_id: str
    environment: str
    service: str
    time: int
    observed: int
    received_at: int


def read_event(attributes: Mapping[str, Any], around: Around) -> Score | None:
    """The score that an evaluation event says, or the record that takes one back; None when it says
    neither."""
    said = {key: _text(attributes.get(key)) for key in EVENT_KEYS}
    deleted = said["sightline.score.deleted"].lower() == "true"
    raw = attributes.get("gen_ai.evaluation.score.value")
    value, label = _number(raw), said["gen_ai.evaluation.score.label"]
    if value is None and not label and isinstance(raw, str):
        # A text that is no number is what some senders have for a label.
        label = raw.strip()
    comment, correction = said["gen_ai.evaluation.explanation"], said["sightline.score.correction"]
    if deleted and not said["sightline.score.id"]:
        return None
    if not deleted and value is None and not (label or comment or correction):
        return None
    kind, value = _data_type(
        said["sightline.score.data_type"], value, isinstance(raw, bool), label, comment, correction
    )
    return _score(
        around,
        target=_target(said, around),
        id_=said["sightline.score.id"],
        name=said["gen_ai.evaluation.name"],
        data_type=kind,
        value=value,
        label=label,
        comment=comment,
        correction=correction,
        source=_SOURCES.get(said["sightline.score.source"].lower(), ScoreSource.EVALUATOR),
        author=said["sightline.score.author"] or said["aws.bedrock_agentcore.evaluator.arn"],
        method=said["sightline.score.method"],
        deleted=deleted,
    )


def read_annotations(attributes: Mapping[str, Any], around: Around) -> Iterator[Score]:
    """The scores in the numbered annotations of a span's attributes, in their order."""
    found: dict[tuple[str, str, int], dict[str, Any]] = defaultdict(dict)
    for key, value in attributes.items():
        if match := ANNOTATION.fullmatch(key):
            whole, family, number, part = match.groups()
            found[whole or "", family, int(number)][part] = value
    for (whole, _, _), parts in sorted(found.items()):
        value, label = _number(parts.get("score")), _text(parts.get("label"))
        comment = _text(parts.get("explanation"))
        if value is None and not label and not comment:
            continue
        name = _text(parts.get("name")) or UNNAMED
        level = ScoreTarget(whole or "span")
        kind, value = _data_type("", value, isinstance(parts.get("score"), bool), label, comment, "")
        target = _whole_ids(level, around)
        # One annotation of a name and identifier on a target: sent again, it replaces the one before.
        mark = ["annotation", *map(str, target), name, _text(parts.get("identifier"))]
        yield _score(
            around,
            target=target,
            id_=_hash(mark),
            name=name,
            data_type=kind,
            value=value,
            label=label,
            comment=comment,
            correction="",
            source=_SOURCES.get(_text(parts.get("annotator_kind")).lower(), ScoreSource.EVALUATOR),
            author="",
            method="",
            deleted=False,
        )


def _score(around: Around, *, target: Sequence[str], id_: str, **said: Any) -> Score:
    level, trace_id, span_id, session_id, response_id = target
    name = said.pop("name")[:MOST_NAME] or UNNAMED
    said["label"] = said["label"][:MOST_LABEL]
    if not id_:
        # The same event sent again is the same score.
        facts = [*map(str, target), name, around.time, *(str(said[key]) for key in sorted(said))]
        id_ = _hash(facts)
    moment = around.time or around.observed or around.received_at
    return Score(
        project=around.project,
        id=id_[:MOST_ID],
        name=name,
        target=ScoreTarget(level),
        trace_id=trace_id,
        span_id=span_id,
        session_id=session_id,
        response_id=response_id,
        environment=around.environment,
        service=around.service,
        time=moment,
        version=around.observed or moment,
        received_at=around.received_at,
        **said,
    )


def _target(said: Mapping[str, str], around: Around) -> tuple[str, str, str, str, str]:
    """What an event is about: level, trace, span, session and response id; only those of its level are
    set."""
    response = said["gen_ai.response.id"]
    session = said["session.id"] or said["gen_ai.conversation.id"] or around.session_id
    trace = around.trace_id
    if not trace and _TRACE_ID.fullmatch(response.lower()):
        # Some senders have the trace's id where the response's belongs.
        trace, response = response.lower(), ""
    here = Around(**{**_fields(around), "trace_id": trace, "session_id": session})
    level = said["sightline.score.target"].lower() or said["aws.bedrock_agentcore.evaluation_level"].lower()
    if level in _LEVELS and any((ids := _whole_ids(_LEVELS[level], here))[1:]):
        return ids
    if trace and around.span_id:
        return _whole_ids(ScoreTarget.SPAN, here)
    if response:
        return (ScoreTarget.RESPONSE, "", "", "", response)
    for one in (ScoreTarget.TRACE, ScoreTarget.SESSION):
        if any((ids := _whole_ids(one, here))[1:]):
            return ids
    return (ScoreTarget.NOTHING, "", "", "", "")


def _fields(around: Around) -> dict[str, Any]:
    return {name: getattr(around, name) for name in around.__slots__}


def _whole_ids(level: ScoreTarget, around: Around) -> tuple[str, str, str, str, str]:
    """The ids of a target; none where its own are not known."""
    if level is ScoreTarget.SPAN and around.trace_id and around.span_id:
        return (level, around.trace_id, around.span_id, "", "")
    if level is ScoreTarget.TRACE and around.trace_id:
        return (level, around.trace_id, "", "", "")
    if level is ScoreTarget.SESSION and around.session_id:
        return (level, "", "", around.session_id, "")
    return (ScoreTarget.NOTHING, "", "", "", "")


def _data_type(
    given: str, value: float | None, truth: bool, label: str, comment: str, correction: str
) -> tuple[DataType, float | None]:
    """The type of a score, as it says itself where that fits what it has; and its value."""
    if given == DataType.BOOLEAN and value is None:
        value = _TRUE.get(label.lower())
    if (truth or given == DataType.BOOLEAN) and value in (0.0, 1.0):
        return DataType.BOOLEAN, value
    if given == DataType.CATEGORICAL and label:
        return DataType.CATEGORICAL, value
    if given == DataType.CORRECTION and correction:
        return DataType.CORRECTION, value
    if value is not None:
        return DataType.NUMERIC, value
    if label:
        return DataType.CATEGORICAL, None
    return (DataType.CORRECTION if correction else DataType.COMMENT), None


def _number(value: Any) -> float | None:
    """A finite number, also from its text; truth is 1 or 0."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, bool | int | float) or not math.isfinite(value):
        return None
    return float(value)


def _text(value: Any) -> str:
    """A value as text, without blanks around it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).strip()


def _hash(parts: Sequence[Any]) -> str:
    return hashlib.sha256(orjson.dumps(list(parts))).hexdigest()[:32]
