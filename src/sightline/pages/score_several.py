"""Scoring all selected rows of the list at once, and taking that back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.api.problems import Problem
from sightline.api.scores import gone, keep, score_from
from sightline.pages import formats
from sightline.pages.address import path_of
from sightline.pages.answers import Refused, form
from sightline.pages.frames import Frames, Table
from sightline.pages.score_forms import given_back, may_score, not_kept, visible
from sightline.pages.score_quick import QuickRow, quick_rows
from sightline.pages.score_rows import BY_HAND, Offer, offers, typed_value
from sightline.pages.services import Services
from sightline.pages.traces_state import MOST_SELECTED
from sightline.query.scores import ScoreName
from sightline.records.access import Principal
from sightline.records.scores import Score, ScoreDefinition

PARAMETERS = ("score_done", "score_batch", "score_count")
_ROW = re.compile(r"([0-9a-fA-F]{32})(?:/([0-9a-fA-F]{16}))?")
_BATCH = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Bulk:
    """The form over selected rows. `done` says what was done just now, `batch` and `count` undo it."""

    action: str
    csrf: str
    back: str
    quick: tuple[QuickRow, ...]
    offers: tuple[Offer, ...]
    done: str
    batch: str
    count: int


def bulk(
    query: Mapping[str, str],
    principal: Principal,
    project: str,
    here: str,
    definitions: Iterable[ScoreDefinition],
    names: Sequence[ScoreName],
) -> Bulk | None:
    """The form, None for readers who may not score."""
    if not may_score(principal, project):
        return None
    defined = list(definitions)
    count, batch = _count(query.get("score_count", "")), query.get("score_batch", "")
    kept = query.get("score_done") == "several" and count > 0 and _BATCH.fullmatch(batch)
    done = f"{_said(count)} kept." if kept else ""
    if query.get("score_done") == "several-undone":
        done = "What you scored at once is taken back."
    return Bulk(
        path_of(project, "scores-of-several"),
        principal.csrf,
        here,
        quick_rows(defined, (), keys=True),
        offers(defined, [one.name for one in names][:200]),
        done,
        batch if kept else "",
        count,
    )


class SeveralScores:
    """`POST /p/{project}/scores-of-several`: one form scores the selected rows, one takes that back."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [
            ("POST", "/p/{project}/scores-of-several", self.give),
            ("POST", "/p/{project}/scores-of-several/undo", self.undo),
        ]

    async def give(self, request: Request) -> Response:
        """Give each selected trace or span the same score: all of them or none."""
        project = request.path_params["project"]
        principal, fields = await self.frames.reader(request, project), await form(request)
        kept = await run_in_threadpool(self.services.control.score_definitions, project)
        batch = uuid.uuid4().hex
        try:
            scores = several(fields, project, principal, self.services.clock(), batch, kept)
        except ValueError as error:
            raise not_kept(error, project, fields, "Nothing was scored") from error
        await self._keep(project, scores, "Nothing was scored")
        await visible(self.services.store, scores[-1])
        return given_back(
            project, fields, score_done="several", score_batch=batch, score_count=f"{len(scores)}"
        )

    async def undo(self, request: Request) -> Response:
        """Take back what one form gave."""
        project = request.path_params["project"]
        await self.frames.reader(request, project)
        fields, now = await form(request), self.services.clock()
        batch, count = fields.get("batch", ""), _count(fields.get("count", ""))
        if not _BATCH.fullmatch(batch) or not count:
            raise Refused(422, "Nothing was taken back", "The form does not say what to take back.")
        scores = [gone(project, _id(batch, n), now) for n in range(count)]
        await self._keep(project, scores, "Nothing was taken back")
        await visible(self.services.store, scores[-1], gone=True)
        return given_back(project, fields, score_done="several-undone")

    async def _keep(self, project: str, scores: Sequence[Score], title: str) -> None:
        try:
            await keep(self.services.journal, project, scores, self.services.clock())
        except Problem as problem:
            raise Refused(problem.status, title, problem.detail) from problem


def several(
    fields: Mapping[str, str],
    project: str,
    principal: Principal,
    now: int,
    batch: str,
    kept: Iterable[ScoreDefinition],
) -> list[Score]:
    """A score for each selected row. Raises ValueError with a sentence, without its full stop."""
    rows = [one for one in dict.fromkeys(fields.get("sel", "").split(",")) if one]
    if not 1 <= len(rows) <= MOST_SELECTED:
        raise ValueError(f"{len(rows)} rows are selected; expected 1 to {MOST_SELECTED}")
    definitions = {one.name: one for one in kept}
    name = fields.get("name", "").strip()[:200]
    value, label = typed_value(fields.get("value", "")[:1000], definitions.get(name))
    said = {"name": name, "value": value, "label": label, "comment": fields.get("comment", "")}
    found = []
    for n, row in enumerate(rows):
        ids = _ROW.fullmatch(row)
        if ids is None:
            raise ValueError(f"{row[:60]!r} is no row of the list; expected the id of a trace or span")
        about = {"trace_id": ids[1], "span_id": ids[2] or "", "id": _id(batch, n)}
        item = {**said, **about, "method": BY_HAND, "source": "person"}
        found.append(score_from(item, project, principal, now, definitions))
    return found


def _id(batch: str, number: int) -> str:
    return f"several-{batch}-{number}"


def _count(text: str) -> int:
    count = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
    return count if count <= MOST_SELECTED else 0


def _said(count: int) -> str:
    return "One score is" if count == 1 else f"{formats.count(count)} scores are"
