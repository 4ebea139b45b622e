"""Reads from the store what the inspector shows of one span: only what the chosen tab needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict

from starlette.concurrency import run_in_threadpool

from sightline.content.conversation import conversation
from sightline.pages.inspector import WHOLE, Inspector, Read, inspector, previous_call
from sightline.pages.moment_rows import moment_rows
from sightline.pages.scores_part import TraceScores, output_of
from sightline.pages.trace_address import TABS, Asked
from sightline.query import traces as questions
from sightline.query.moment import moment
from sightline.query.previews import previews
from sightline.query.same_response import same_response
from sightline.query.tool_runs import tool_runs
from sightline.records.conversation import ToolRun
from sightline.records.trace import Content, SpanDetail, Trace
from sightline.store.store import Store

# Spans at the top of a tree among which one may say what was asked.
_FIRST = 8
# Fields that tell what went in and what came out, what is surest first.
_ASKED = ("input_messages", "input_value")
_ANSWERED = ("output_messages", "output_value")
_SAYS = frozenset({"", TABS[0], TABS[1]})


class SpanReader:
    """Questions about single spans of one trace."""

    def __init__(self, store: Store, trace: Trace, scored: TraceScores | None = None) -> None:
        self._store, self._trace = store, trace
        self._scored = scored or TraceScores()
        # The root's texts are asked for twice: for the title, and while no other span is chosen.
        self._asked: dict[tuple[int, bool], asyncio.Future[list[SpanDetail]]] = {}

    async def inspector(self, row: int, asked: Asked, beside: tuple[str, str]) -> Inspector | None:
        """The inspector of a row; None when the span is gone meanwhile."""
        store, trace = self._store, self._trace
        tab = asked.tab
        detail = await self._detail(row, tab in WHOLE)
        if detail is None:
            return None
        if not tab and not detail.contents and not conversation((), detail.events).messages:
            tab = TABS[2]
            detail = await self._detail(row, True) or detail
        contents: Sequence[Content] = ()
        before: Sequence[Content] = ()
        tools: Sequence[ToolRun] = ()
        if tab in _SAYS:
            contents, before, tools = await asyncio.gather(
                questions.contents(store, trace.project, detail.contents), self._before(row), self._tools(row)
            )
        span_id = trace.columns.ids[row]
        scores = None
        if tab == "scores":
            contents = await questions.contents(store, trace.project, detail.contents)
            scores = self._scored.part(span_id, row == 0, output_of(contents, detail.events))
        read = Read(
            detail,
            contents,
            before,
            moment_rows(await moment(store, trace.project, trace.spans[row]), trace.spans[row])
            if tab == "moment"
            else None,
            *beside,
            await same_response(store, trace) if tab == "cost" else None,
            tab,
            tools,
            scores,
            len(self._scored.of(span_id, row == 0)),
        )
        return await run_in_threadpool(inspector, trace, row, read, asked)

    async def _tools(self, row: int) -> Sequence[ToolRun]:
        """What ran, for a model's calls to be tied to."""
        speaks = self._trace.columns.kinds[row] in ("llm", "agent")
        return await tool_runs(self._store, self._trace) if speaks else ()

    async def _detail(self, row: int, whole: bool) -> SpanDetail | None:
        question = questions.span_details if whole else questions.span_texts
        if (row, whole) not in self._asked:
            trace = self._trace
            asked = question(self._store, trace.project, trace.trace_id, [trace.columns.ids[row]])
            self._asked[row, whole] = asyncio.ensure_future(asked)
        found = await self._asked[row, whole]
        return found[0] if found else None

    async def _before(self, row: int) -> list[Content]:
        """What the model call before this one said."""
        earlier = previous_call(self._trace, row)
        detail = await self._detail(earlier, False) if earlier is not None else None
        return await questions.contents(self._store, self._trace.project, detail.contents) if detail else []

    async def title(self) -> str:
        """What was asked, when one of the first spans tells it; otherwise the root's name."""
        return (await self.said())[0] or self._trace.columns.names[0] or self._trace.trace_id

    async def said(self) -> tuple[str, str]:
        """What was asked and what was answered, a line each as lists have them; empty when not told."""
        trace = self._trace
        detail = await self._detail(0, False)
        asked, answered = _hash(detail, _ASKED), _hash(detail, _ANSWERED)
        if not asked:
            # A gateway before the agent says nothing itself.
            first = trace.columns.ids[1:_FIRST]
            for detail in await questions.span_texts(self._store, trace.project, trace.trace_id, first):
                if not asked:
                    asked, answered = _hash(detail, _ASKED), _hash(detail, _ANSWERED) or answered
        said = await previews(self._store, trace.project, [asked], [answered])
        return said.get(asked, ""), said.get(answered, "")

    async def record(self, row: int) -> str:
        """Everything stored of a span, with its texts, as JSON."""
        detail = await self._detail(row, True)
        if detail is None:
            return "{}"
        contents = await questions.contents(self._store, self._trace.project, detail.contents)
        texts = [
            {"field": c.ref.field, "hash": c.ref.hash, "size": c.ref.size, "text": c.text, "cut": c.truncated}
            for c in contents
        ]
        return json.dumps({**asdict(detail), "contents": texts}, ensure_ascii=False, indent=2, default=str)


def _hash(detail: SpanDetail | None, fields: Sequence[str]) -> str:
    """The hash of the first of some texts that a span has."""
    refs = {ref.field: ref.hash.lower() for ref in (detail.contents if detail else ())}
    return next((refs[name] for name in fields if name in refs), "")
