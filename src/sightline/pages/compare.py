"""Two traces side by side: where they part, and what that cost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.content.difference import DiffLine, difference
from sightline.pages.address import path_of
from sightline.pages.answers import html
from sightline.pages.compare_rows import (
    MOST_PAIRS,
    FigureRow,
    PairRow,
    PairRows,
    StagePiece,
    StageRow,
    figures,
    stage_rows,
)
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.pages.span_reader import SpanReader
from sightline.query import traces as questions
from sightline.query.alignment import Pair, align
from sightline.query.opened_traces import Opened, OpenedTraces
from sightline.query.similar import Similar, similar
from sightline.records.trace import ContentRef, SpanDetail, Trace

# Texts are looked through for this many pairs of spans.
_MOST_READ = 400
_INPUTS = ("system_instructions", "input_messages", "input_value", "tool_arguments", "retrieval_query")
_OUTPUTS = ("output_messages", "output_value", "tool_result", "retrieval_documents")
_LONGEST = 120_000


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: its id as given, its page, its title; `problem` says why there is none."""

    given: str
    href: str
    title: str
    service: str
    start_time: int
    problem: str


@dataclass(frozen=True, slots=True)
class Parted:
    """The first text in which two spans differ."""

    words: str
    name: str
    field: str
    left_href: str
    right_href: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A request that the left one may be compared with."""

    href: str
    like: Similar


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two traces have apart."""

    figures: tuple[FigureRow, ...]
    left_bar: tuple[StagePiece, ...]
    right_bar: tuple[StagePiece, ...]
    stages: tuple[StageRow, ...]
    pairs: tuple[PairRow, ...]
    more: int
    summary: str
    parted: tuple[Parted, ...]
    swap: str


@dataclass(frozen=True, slots=True)
class CompareContext:
    """Everything `compare.html` shows."""

    shell: Shell
    list_href: str
    here: str
    left: Side
    right: Side
    choices: tuple[Choice, ...]
    comparison: Comparison | None


def summary(rows: Sequence[PairRow]) -> str:
    """How many spans were added, are gone, slower and faster, in words."""
    states = [row.state for row in rows]
    told = [
        f"{states.count(state):,} {words}"
        for state, words in (
            ("added", "added"),
            ("removed", "gone"),
            ("slower", "slower"),
            ("faster", "faster"),
        )
        if state in states
    ]
    return ", ".join(told) if told else "No span was added, left out, slower or faster"


class ComparePages:
    """`/p/{project}/compare`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        self.opened = OpenedTraces()

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/compare", self.show)]

    async def show(self, request: Request) -> Response:
        """Two traces side by side; a form while one is missing."""
        view, principal = await self.frames.view(request, ("a", "b"))
        given = [request.query_params.get(name, "").strip().lower()[:64] for name in ("a", "b")]
        left, right = await asyncio.gather(*(self._open(view.project, id_) for id_ in given))
        sides = await asyncio.gather(
            self._side(view.project, given[0], left), self._side(view.project, given[1], right)
        )
        comparison = None
        if left and right:
            comparison = await self._compare(left, right, view.link("compare", a=given[1], b=given[0]))
        choices: tuple[Choice, ...] = ()
        if left and not right:
            found = await similar(self.services.store, left.trace)
            choices = tuple(Choice(view.link("compare", a=given[0], b=s.trace_id), s) for s in found)
        frame = await self.frames.shell("Compare", "traces", view, principal)
        return html(
            render(
                "compare.html",
                CompareContext(
                    shell=frame,
                    list_href=view.link("traces"),
                    here=path_of(view.project, "compare"),
                    left=sides[0],
                    right=sides[1],
                    choices=choices,
                    comparison=comparison,
                ),
            )
        )

    async def _open(self, project: str, trace_id: str) -> Opened | None:
        if not trace_id:
            return None
        return await self.opened.get(self.services.store, project, trace_id, self.services.clock())

    async def _side(self, project: str, given: str, found: Opened | None) -> Side:
        if found is None:
            problem = f"Project {project} has no trace {given}." if given else ""
            return Side(given, "", "", "", 0, problem)
        trace = found.trace
        title = await SpanReader(self.services.store, trace).title()
        href = path_of(project, "traces", trace.trace_id)
        return Side(trace.trace_id, href, title, trace.spans[0].service, trace.start_time, "")

    async def _compare(self, left: Opened, right: Opened, swap: str) -> Comparison:
        a, b = left.trace, right.trace
        pairs = await run_in_threadpool(align, (a.tree, a.columns), (b.tree, b.columns))
        bases = [path_of(t.project, "traces", t.trace_id) for t in (a, b)]
        rows = PairRows(a, b, *bases).rows(pairs)
        bars = stage_rows(left, right)
        return Comparison(
            figures=figures(a, b),
            left_bar=bars[0],
            right_bar=bars[1],
            stages=bars[2],
            pairs=rows,
            more=max(0, len(pairs) - MOST_PAIRS),
            summary=summary(rows),
            parted=await self._parted(a, b, pairs, bases),
            swap=swap,
        )

    async def _parted(
        self, left: Trace, right: Trace, pairs: Sequence[Pair], bases: Sequence[str]
    ) -> tuple[Parted, ...]:
        """The first input and the first output that differ, in the order of the pairs."""
        both = [pair for pair in pairs if len(pair.left) == 1 and len(pair.right) == 1][:_MOST_READ]
        ours, theirs = await asyncio.gather(
            self._texts(left, [pair.left[0] for pair in both]),
            self._texts(right, [pair.right[0] for pair in both]),
        )
        found = []
        for words, fields in (("First input that differs", _INPUTS), ("First output that differs", _OUTPUTS)):
            for pair in both:
                ids = left.columns.ids[pair.left[0]], right.columns.ids[pair.right[0]]
                refs = _differing(ours.get(ids[0]), theirs.get(ids[1]), fields)
                if refs is None:
                    continue
                texts = await asyncio.gather(self._text(left, refs[0]), self._text(right, refs[1]))
                lines = await run_in_threadpool(difference, *texts)
                ours_at, theirs_at = (f"{base}?span={id_}" for base, id_ in zip(bases, ids, strict=True))
                found.append(
                    Parted(words, pair.name or "(no name)", refs[0].field, ours_at, theirs_at, lines)
                )
                break
        return tuple(found)

    async def _texts(self, trace: Trace, rows: Sequence[int]) -> Mapping[str, SpanDetail]:
        ids = [trace.columns.ids[row] for row in rows]
        details = await questions.span_texts(self.services.store, trace.project, trace.trace_id, ids)
        return {detail.span_id: detail for detail in details}

    async def _text(self, trace: Trace, ref: ContentRef) -> str:
        [found] = await questions.contents(self.services.store, trace.project, [ref], limit=_LONGEST)
        return "(this text is not stored any more)" if found.text is None else found.text


def _differing(
    left: SpanDetail | None, right: SpanDetail | None, fields: Sequence[str]
) -> tuple[ContentRef, ContentRef] | None:
    """The references of the first field that both have and that differs."""
    if left is None or right is None:
        return None
    ours = {ref.field: ref for ref in left.contents}
    theirs = {ref.field: ref for ref in right.contents}
    for field in fields:
        if field in ours and field in theirs and ours[field].hash != theirs[field].hash:
            return ours[field], theirs[field]
    return None
