"""Scores and feedback: what somebody or something thought of a span, a trace or a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ScoreTarget(StrEnum):
    """What a score is about. `RESPONSE` is a span of which only the id of its model's response is known."""

    SPAN = "span"
    TRACE = "trace"
    SESSION = "session"
    RESPONSE = "response"
    NOTHING = ""


class DataType(StrEnum):
    """What a score says."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    COMMENT = "comment"
    CORRECTION = "correction"


class ScoreSource(StrEnum):
    """Who gave a score, in the order in which they count: the first before the others."""

    PERSON = "person"
    END_USER = "end_user"
    EVALUATOR = "evaluator"
    RULE = "rule"


class Direction(StrEnum):
    """Which values of a score are the good ones."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Score:
    """One score of a project, as stored.

    `id` is its identity: the same id again replaces it. `value` is None where there is only a label, a
    comment or a correction; true is 1 and false 0. Moments are nanoseconds since the epoch: `time` is when
    it was given, `version` orders the records of one id, the highest counts. Empty texts are unknown.
    """

    project: str
    id: str
    name: str
    target: ScoreTarget
    trace_id: str
    span_id: str
    session_id: str
    response_id: str
    data_type: DataType
    value: float | None
    label: str
    comment: str
    correction: str
    source: ScoreSource
    author: str
    method: str
    environment: str
    service: str
    time: int
    version: int
    received_at: int = 0
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ScoreDefinition:
    """What a project means by the name of a score.

    `low` and `high` are limits of numbers, each included, None: none. `categories` are the labels there
    are, in their order; empty: any. `archived`: it is not offered any more, what it said stays.
    """

    project: str
    name: str
    data_type: DataType
    description: str
    low: float | None
    high: float | None
    direction: Direction
    categories: tuple[str, ...]
    archived: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Rated:
    """What the scores of one name come to for a session or a user.

    `rated` counts the traces that have one; with `own` it is the one that was given to the session itself.
    `mean` is None where nothing was a number. `label` is the most frequent one, `labelled` how many have it
    and `labels` how many have any.
    """

    name: str
    own: bool
    rated: int
    mean: float | None
    label: str
    labelled: int
    labels: int
