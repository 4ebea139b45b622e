"""Scores: given, listed, taken back. They go the way of all telemetry, through the journal."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sightline.api import shapes
from sightline.api.control import controlled
from sightline.api.moments import iso
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import CURSOR, PROJECT, SINCE, UNTIL
from sightline.api.parameters import limit as limit_of
from sightline.api.parameters import window as window_of
from sightline.api.problems import Problem, busy, unavailable
from sightline.control.score_rules import misfit
from sightline.measures import RECEIVED, RECEIVED_BYTES
from sightline.query.filter.literals import time as read_time
from sightline.query.scores import MAX_PAGE, PUBLIC, ScoreQuestion, list_scores, saying
from sightline.query.window import LATEST
from sightline.records.access import Principal, Scope
from sightline.records.ingest import JournalFull, JournalUnavailable
from sightline.records.scores import DataType, Score, ScoreDefinition, ScoreSource, ScoreTarget
from sightline.wire.receiver import Appends
from sightline.wire.score_events import SOURCE, submission

PER_PAGE = 100
MOST_SCORES = 1000
_EVER = 100 * 365 * 86_400 * 10**9
_HEX = {32: r"^[0-9a-fA-F]{32}$", 16: r"^[0-9a-fA-F]{16}$"}
_SOURCES = [str(source) for source in ScoreSource]
_TYPES = [str(kind) for kind in DataType]
_TEXTS = ("id", "name", "target", "trace_id", "span_id", "session_id", "source", "author", "data_type",
          "environment")  # fmt: skip
_TARGETS = [str(target) for target in ScoreTarget if target]


def _text(most: int, description: str, least: int = 0) -> Mapping[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most, "description": description}


_GIVEN: Mapping[str, Any] = {
    "name": _text(200, "What is scored: `helpful`, `groundedness`.", 1),
    "trace_id": {"type": "string", "pattern": _HEX[32], "description": "Of the trace, or of the span's."},
    "span_id": {"type": "string", "pattern": _HEX[16], "description": "Without it the trace is meant."},
    "session_id": _text(1000, "Of the session, instead of a trace.", 1),
    "response_id": _text(1000, "The model's response, instead of a trace: its span is looked up.", 1),
    "value": {"type": ["number", "boolean", "null"], "description": "true is 1, false is 0."},
    "label": _text(1000, "A category: `wrong`."),
    "comment": _text(65536, "Why."),
    "correction": _text(262144, "What the output should have been."),
    "data_type": {"type": "string", "enum": _TYPES, "description": "Default: what fits."},
    "source": {"type": "string", "enum": _SOURCES, "description": "Default: `evaluator`, or `person`."},
    "author": _text(200, "Which user, person, evaluator or rule."),
    "method": _text(200, "How: `thumbs`, `llm-judge`, `regex`."),
    "environment": _text(200, "Of this environment."),
    "time": _text(40, "When it was given; default: now.", 1),
    "id": _text(200, "The same id again replaces. Default: a new one.", 1),
}  # fmt: skip
_BODY = shapes.shown(
    shapes.strict(
        **_GIVEN,
        scores={
            "type": "array",
            "items": shapes.strict("name", **_GIVEN),
            "description": f"Several at once, up to {MOST_SCORES}: all of them or none.",
        },
    ),
    name="helpful",
    trace_id="0af7651916cd43dd8448eb211c80319c",
    value=True,
    source="end_user",
)
SCORE = shapes.record(
    id=shapes.TEXT, name=shapes.TEXT, target=shapes.TEXT, trace_id=shapes.MAYBE_TEXT,
    span_id=shapes.MAYBE_TEXT, session_id=shapes.MAYBE_TEXT, response_id=shapes.MAYBE_TEXT,
    data_type=shapes.TEXT, value=shapes.MAYBE_NUMBER, label=shapes.MAYBE_TEXT, comment=shapes.MAYBE_TEXT,
    correction=shapes.MAYBE_TEXT, source=shapes.TEXT, author=shapes.MAYBE_TEXT, method=shapes.MAYBE_TEXT,
    environment=shapes.MAYBE_TEXT, service=shapes.MAYBE_TEXT, time=shapes.TIME,
    outside={**shapes.MAYBE_TEXT, "description": "Why it does not fit its definition."},
)  # fmt: skip


def told(score: Score, definitions: Mapping[str, ScoreDefinition]) -> dict[str, Any]:
    """A score as the API writes it."""
    definition = definitions.get(score.name)
    outside = (
        misfit(definition, score.value, score.label, score.comment, score.correction) if definition else ""
    )
    texts = ("trace_id", "span_id", "session_id", "response_id", "label", "comment", "correction", "author",
             "method", "environment", "service")  # fmt: skip
    return {
        "id": score.id,
        "name": score.name,
        "target": str(score.target),
        **{name: getattr(score, name) or None for name in texts},
        "data_type": str(score.data_type),
        "value": score.value,
        "source": str(score.source),
        "time": iso(score.time),
        "outside": outside or None,
    }


async def definitions_of(call: Call) -> dict[str, ScoreDefinition]:
    """The project's definitions by name."""
    found = await controlled(partial(call.services.control.score_definitions, call.project))
    return {one.name: one for one in found}


async def give_scores(call: Call) -> Mapping[str, Any]:
    """Keep one score, or several: all of them or none."""
    body = dict(call.body)
    several = body.pop("scores", None)
    if several is not None and body:
        raise Problem(422, f"scores stands alone, but {', '.join(body)[:80]} stands beside it.")
    items = [body] if several is None else several
    if not 1 <= len(items) <= MOST_SCORES:
        raise Problem(422, f"{len(items)} scores were given; expected 1 to {MOST_SCORES}.")
    definitions = await definitions_of(call)
    errors, scores = [], []
    for number, item in enumerate(items):
        pointer = "" if several is None else f"/scores/{number}"
        try:
            scores.append(score_from(item, call.project, call.principal, call.now, definitions))
        except ValueError as error:
            errors.append({"pointer": pointer or "/", "detail": f"{error}."})
    if errors:
        where = f"{errors[0]['pointer'].lstrip('/').replace('/', '.')}: " if several is not None else ""
        raise Problem(422, f"{where}{errors[0]['detail']}", errors=errors[:20])
    await keep(call.services.journal, call.project, scores, call.now)
    return {"scores": [{"id": score.id, "name": score.name} for score in scores]}


async def keep(journal: Appends | None, project: str, scores: Sequence[Score], now: int) -> None:
    """Make scores durable; they can be asked for within two seconds. Raises Problem 404, 429 or 503."""
    if journal is None:
        raise Problem(404, "This process does not receive; send scores to one that does.")
    made = submission(project, scores, now)
    try:
        await journal.append(made)
    except JournalFull as error:
        raise busy(f"{error}.", error.retry_after) from error
    except JournalUnavailable as error:
        raise unavailable(f"{error}.", error.retry_after) from error
    RECEIVED.labels(made.signal.value, SOURCE).inc(made.items)
    RECEIVED_BYTES.labels(made.signal.value).inc(len(made.payload))


def score_from(
    item: Mapping[str, Any],
    project: str,
    principal: Principal,
    now: int,
    definitions: Mapping[str, ScoreDefinition],
) -> Score:
    """A score from what a caller says. Raises ValueError with a sentence, without its full stop."""
    name = item.get("name", "").strip()
    if not name:
        raise ValueError("name is missing; expected what is scored, such as helpful")
    target, ids = _target(item)
    value = item.get("value")
    label, comment, correction = (item.get(key, "").strip() for key in ("label", "comment", "correction"))
    if value is None and not (label or comment or correction):
        raise ValueError(f"{name} says nothing; expected a value, a label, a comment or a correction")
    number = None if value is None else float(value)
    kind = _data_type(item.get("data_type", ""), value, label, comment, correction, definitions.get(name))
    definition = definitions.get(name)
    if definition and (why := misfit(definition, number, label, comment, correction)):
        raise ValueError(f"{why} (its definition is under Settings, Scores)")
    person = principal.person
    return Score(
        project=project,
        id=item.get("id", "").strip() or uuid.uuid4().hex,
        name=name,
        target=target,
        **ids,
        data_type=kind,
        value=number,
        label=label,
        comment=comment,
        correction=correction,
        source=ScoreSource(item.get("source") or ("person" if person else "evaluator")),
        author=item.get("author", "").strip() or (person.email if person else ""),
        method=item.get("method", "").strip() or "api",
        environment=item.get("environment", "").strip(),
        service="",
        time=_moment(item.get("time"), now),
        version=now,
    )


def _target(item: Mapping[str, Any]) -> tuple[ScoreTarget, dict[str, Any]]:
    given = {key: item.get(key, "").strip() for key in ("trace_id", "span_id", "session_id", "response_id")}
    ids = given | {"trace_id": given["trace_id"].lower(), "span_id": given["span_id"].lower()}
    wholes = [key for key in ("trace_id", "session_id", "response_id") if ids[key]]
    if len(wholes) != 1:
        told_ids = " and ".join(wholes) or "nothing"
        raise ValueError(
            f"{told_ids} is said to be scored; expected one of trace_id, session_id, response_id"
        )
    if ids["span_id"] and not ids["trace_id"]:
        raise ValueError("span_id stands alone; expected the trace_id of its trace beside it")
    if ids["trace_id"]:
        return (ScoreTarget.SPAN if ids["span_id"] else ScoreTarget.TRACE), ids
    return (ScoreTarget.SESSION if ids["session_id"] else ScoreTarget.RESPONSE), ids


def _data_type(
    given: str, value: Any, label: str, comment: str, correction: str, definition: ScoreDefinition | None
) -> DataType:
    """What the score is: as said, as defined, else what fits. Raises ValueError where it says otherwise."""
    if not given and definition:
        return definition.data_type
    if not given:
        if isinstance(value, bool):
            return DataType.BOOLEAN
        if value is not None:
            return DataType.NUMERIC
        return DataType.CATEGORICAL if label else DataType.CORRECTION if correction else DataType.COMMENT
    kind = DataType(given)
    missing = {
        DataType.NUMERIC: "" if value is not None else "a value",
        DataType.BOOLEAN: "" if value in (0, 1) else "true or false",
        DataType.CATEGORICAL: "" if label else "a label",
        DataType.COMMENT: "" if comment else "a comment",
        DataType.CORRECTION: "" if correction else "a correction",
    }[kind]
    if missing:
        raise ValueError(f"data_type is {kind}, so {missing} is expected")
    return kind


def _moment(text: str | None, now: int) -> int:
    if not text:
        return now
    found = read_time(text.strip(), now)
    if found is None or not 0 < found.first <= LATEST:
        raise ValueError(f"time is {text[:40]!r}; expected a time such as 2026-11-01T12:00:00Z")
    return found.first


async def take_back(call: Call) -> Mapping[str, Any]:
    """Take a score back."""
    id_ = call.request.path_params["score_id"]
    await keep(call.services.journal, call.project, [gone(call.project, id_, call.now)], call.now)
    return {"id": id_}


def gone(project: str, id_: str, now: int) -> Score:
    """The record that takes a score back."""
    texts = ("trace_id", "span_id", "session_id", "response_id", "label", "comment", "correction", "author",
             "method", "environment", "service")  # fmt: skip
    empty: dict[str, Any] = dict.fromkeys(texts, "")
    return Score(
        project=project, id=id_, name="taken back", target=ScoreTarget.NOTHING, data_type=DataType.COMMENT,
        value=None, source=ScoreSource.PERSON, time=now, version=now, deleted=True, **empty,
    )  # fmt: skip


async def get_scores(call: Call) -> Mapping[str, Any]:
    """A page of scores, latest first."""
    limit = call.number("limit", PER_PAGE, MAX_PAGE)
    words = {"target": _TARGETS, "source": [*_SOURCES, PUBLIC], "data_type": _TYPES}
    asked: dict[str, Any] = {name: call.text(name) or "" for name in _TEXTS}
    asked |= {name: call.word(name, known, known[0]) for name, known in words.items() if call.text(name)}
    asked |= {name: asked[name].lower() for name in ("trace_id", "span_id")}
    question = ScoreQuestion(**asked, has_text=call.flag("has_text", False))
    try:
        question = saying(question, call.text("says") or "")
    except ValueError as error:
        raise Problem(422, f"says: {error}.", reason="parameters") from error
    scores, following = await list_scores(
        call.services.store, question, window_of(call, _EVER), limit=limit, cursor=call.text("cursor")
    )
    definitions = await definitions_of(call)
    return {"scores": [told(score, definitions) for score in scores], "next": following}


def _asked(name: str, description: str, **schema: Any) -> Parameter:
    return Parameter(name, description, schema or shapes.TEXT)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/scores",
        get_scores,
        "Scores",
        Scope.READ,
        shapes.record(scores=shapes.listed(SCORE), next=shapes.CURSOR),
        "Latest first, of all time unless `since` says otherwise. Without what was replaced or taken back.",
        parameters=(
            PROJECT,
            _asked("name", "Only of this name."),
            _asked("trace_id", "Only of this trace and its spans."),
            _asked("span_id", "Only of this span."),
            _asked("session_id", "Only of this session."),
            _asked("target", "Only of these.", type="string", enum=_TARGETS),
            _asked(
                "source",
                "Only given by these; `public`: with a public key.",
                type="string",
                enum=[*_SOURCES, PUBLIC],
            ),
            _asked("author", "Only given by this one."),
            _asked("data_type", "Only these.", type="string", enum=_TYPES),
            _asked("environment", "Only those that name this environment."),
            _asked(
                "says",
                "Only those that say `yes`, `no`, `label:wrong`, a range `0.4..<0.6`, or `words` alone.",
            ),
            _asked("has_text", "true: only those with a comment or a correction.", type="boolean"),
            _asked("id", "Only this one."),
            SINCE,
            UNTIL,
            limit_of(PER_PAGE, MAX_PAGE),
            CURSOR,
        ),
    ),
    Operation(
        "POST",
        "/scores",
        give_scores,
        "Give scores",
        Scope.INGEST,
        shapes.record(scores=shapes.listed(shapes.record(id=shapes.TEXT, name=shapes.TEXT))),
        "Of a span, a trace, a session or a model's response, known already or not. The answer comes when"
        " they are durable; within two seconds they are in every list. Needs an ingest key, or an editor.",
        body=_BODY,
        parameters=(PROJECT,),
        status=202,
        failures=(429,),
    ),
    Operation(
        "DELETE",
        "/scores/{score_id:path}",
        take_back,
        "Take a score back",
        Scope.INGEST,
        shapes.record(id=shapes.TEXT),
        "Also one that has not arrived yet. Needs a key that may ingest, or an editor.",
        parameters=(Parameter("score_id", "The score's id.", shapes.TEXT, "path"), PROJECT),
        status=202,
        failures=(429,),
    ),
)
