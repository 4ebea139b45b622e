"""Scores as they were given: page by page, of one trace or session, and the names a project has."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sightline.query.statements import statement
from sightline.query.traces import BadCursor
from sightline.query.window import LATEST, Window
from sightline.records.scores import DataType, Score
from sightline.store.score_rows import SELECTED, score_of
from sightline.store.store import Store

MAX_PAGE = 500
MOST_OF_ONE = 500
"""Scores of one trace or session that are read at most."""
PUBLIC = "public"
"""As a source: whatever came with a public key, whoever it says gave it."""
MOST_OF_ROWS = 5_000
MOST_NAMES = 1000
_MOST = sys.float_info.max
_CURSOR = re.compile(r"(\d{1,19})\.(\d{1,20})")


@dataclass(frozen=True, slots=True)
class ScoreQuestion:
    """Which scores are asked for; empty texts ask for any."""

    id: str = ""
    name: str = ""
    target: str = ""
    trace_id: str = ""
    span_id: str = ""
    session_id: str = ""
    source: str = ""
    author: str = ""
    data_type: str = ""
    environment: str = ""
    has_text: bool = False
    """Only those with a comment or a correction."""
    says: str = ""
    """What they say: `yes`, `no`, `label:` and a label, `words` alone, or a `number` in a range: `saying`."""
    least: float = -_MOST
    below: float = _MOST


@dataclass(frozen=True, slots=True)
class ScoreName:
    """A name of scores and what was seen of it: how many, and of these on spans, traces and sessions.

    `labels` are the most frequent ones; moments are in ns.
    """

    name: str
    found: int
    spans: int
    traces: int
    sessions: int
    numbers: int
    booleans: int
    labelled: int
    comments: int
    corrections: int
    low: float | None
    high: float | None
    labels: tuple[str, ...]
    sources: tuple[str, ...]
    first: int
    last: int

    @property
    def data_type(self) -> DataType:
        """What most of its scores are."""
        if self.booleans * 2 > self.found:
            return DataType.BOOLEAN
        if self.labelled * 2 > self.found:
            return DataType.CATEGORICAL
        if self.numbers * 2 > self.found:
            return DataType.NUMERIC
        if self.labelled:
            return DataType.CATEGORICAL
        if self.numbers:
            return DataType.NUMERIC
        return DataType.CORRECTION if self.corrections else DataType.COMMENT


async def list_scores(
    store: Store, question: ScoreQuestion, window: Window, *, limit: int = 100, cursor: str | None = None
) -> tuple[list[Score], str | None]:
    """A page of scores given in the window, latest first, and where the next begins. Raises BadCursor."""
    behind, place = LATEST, 2**64 - 1
    if cursor:
        found = _CURSOR.fullmatch(cursor)
        if not found or int(found[1]) > LATEST or int(found[2]) >= 2**64:
            raise BadCursor(f"cursor {cursor[:80]!r} was not made by this server; start again without one")
        behind, place = int(found[1]), int(found[2])
    given = {
        **_given(question, window),
        "behind": behind,
        "behind_place": place,
        "limit": min(limit, MAX_PAGE) + 1,
    }
    text = statement("scores").replace("{columns}", SELECTED).replace("{chosen}", _chosen())
    rows = (await store.fetch(text, given, purpose="scores")).dicts()
    page = rows[:limit]
    following = f"{page[-1]['time_ns']}.{page[-1]['place']}" if len(rows) > limit else None
    return [score_of(row) for row in page], following


@dataclass(frozen=True, slots=True)
class Said:
    """What was said how often, as `ScoreQuestion.says` has it; of numbers `band` is how many of the cuts are
    not above."""

    says: str
    band: int
    found: int


async def spread_of(
    store: Store, question: ScoreQuestion, window: Window, cuts: Sequence[float] = (), limit: int = 50
) -> tuple[int, list[Said]]:
    """How many scores were given in the window, and what they say, the most frequent first."""
    given = {**_given(question, window), "cuts": [float(cut) for cut in cuts], "limit": limit}
    text = statement("scores_spread").replace("{chosen}", _chosen())
    rows = (await store.fetch(text, given, purpose="scores")).dicts()
    total = int(rows[0]["total"]) if rows else 0
    return total, [Said(str(row["says"]), int(row["band"]), int(row["found"])) for row in rows]


def saying(question: ScoreQuestion, text: str) -> ScoreQuestion:
    """The question for those that say this: `yes`, `no`, `label:wrong`, `words`, or a range such as
    `0.4..<0.6`, `..<0.4` and `0.8..`. Raises ValueError with a sentence, without its full stop."""
    if text in ("", "yes", "no", "words") or (text.startswith("label:") and len(text) > len("label:")):
        return replace(question, says=text)
    low, dots, high = text.partition("..")
    try:
        least = float(low) if low else -_MOST
        below = float(high[1:]) if high else _MOST
    except ValueError:
        dots = ""
    if not dots or high[:1] not in ("", "<") or not (math.isfinite(least) and math.isfinite(below)):
        raise ValueError(
            f"{text[:60]!r} is nothing that a score says; expected yes, no, words, label:wrong, or a range"
            " such as 0.4..<0.6"
        )
    return replace(question, says="number", least=least, below=below)


def _chosen() -> str:
    return statement("scores_chosen").rstrip()


def _given(question: ScoreQuestion, window: Window) -> dict[str, str | int | float]:
    asked = {name: getattr(question, name) for name in question.__slots__}
    return asked | {
        "project": window.project,
        "since": window.since,
        "until": window.until,
        "has_text": int(question.has_text),
    }


async def scores_of(
    store: Store, project: str, *, trace_id: str = "", session_id: str = "", limit: int = MOST_OF_ONE
) -> list[Score]:
    """The scores of a trace with all its spans, or those of a session, latest first."""
    if trace_id:
        return await _about(store, project, "trace_id", [trace_id], limit)
    return await _about(store, project, "session_id", [session_id] if session_id else [], limit)


async def scores_of_traces(store: Store, project: str, traces: Sequence[str]) -> list[Score]:
    """The scores of some traces and their spans, latest first."""
    return await _about(store, project, "trace_id", traces, MOST_OF_ROWS)


async def scores_of_sessions(store: Store, project: str, sessions: Sequence[str]) -> list[Score]:
    """The scores that were given to some sessions, latest first."""
    return await _about(store, project, "session_id", sessions, MOST_OF_ROWS) if sessions else []


async def _about(
    store: Store, project: str, column: Literal["trace_id", "session_id"], ids: Sequence[str], limit: int
) -> list[Score]:
    given = {"project": project, "ids": list(ids), "limit": limit}
    text = statement("scores_of").replace("{columns}", SELECTED).replace("{about}", column)
    return [score_of(row) for row in (await store.fetch(text, given, purpose="scores")).dicts()]


async def score_names(store: Store, project: str, limit: int = MOST_NAMES) -> list[ScoreName]:
    """The names of a project's scores, the most frequent first."""
    rows = await store.fetch(statement("score_names"), {"project": project, "limit": limit}, purpose="scores")
    found = []
    for row in rows.dicts():
        row |= {"first": row.pop("first_ns"), "last": row.pop("last_ns")}
        row |= {"labels": tuple(row["labels"]), "sources": tuple(row["sources"])}
        found.append(ScoreName(**row))
    return found


async def has_scores(store: Store, project: str) -> bool:
    """Whether a project has had a score. Errors of the store pass through."""
    return bool((await store.fetch(statement("has_scores"), {"project": project}, purpose="scores")).rows)
