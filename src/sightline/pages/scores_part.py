"""Scores of one trace or session on its page, and the form with which a person gives one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sightline.content.conversation import conversation
from sightline.pages.address import path_of, with_query
from sightline.pages.score_forms import author_of, may_score
from sightline.pages.score_quick import QuickRow, quick_rows
from sightline.pages.score_rows import Offer, ScoreChip, ScoreRow, chips, counting, offers, rows
from sightline.pages.services import Services
from sightline.query.scores import MOST_OF_ONE, scores_of, scores_of_sessions
from sightline.records.access import Principal
from sightline.records.conversation import Text
from sightline.records.scores import Score, ScoreDefinition, ScoreTarget
from sightline.records.trace import Content, SpanEvent

_OF_SESSION = 50
DONE = {
    "kept": "Your score is kept.",
    "taken-back": "The score is taken back.",
    "undone": "The score is back.",
    "gone": "This score was gone already.",
    "late": "It was taken back too long ago to be undone here.",
}


@dataclass(frozen=True, slots=True)
class ScoreGroup:
    """Scores under a heading."""

    title: str
    rows: tuple[ScoreRow, ...]
    nothing: str
    fields: tuple[tuple[str, str], ...] = ()
    """Hidden fields that say what these scores are about."""

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class ScoreTargetForm:
    """What can be scored: words, the hidden fields that say so, and names to score with one click."""

    title: str
    fields: tuple[tuple[str, str], ...]
    quick: tuple[QuickRow, ...]


@dataclass(frozen=True, slots=True)
class ScoresPart:
    """What `_scores.html` shows. `targets` are what can be scored, the likeliest first.

    `may`: the reader may give scores. `back` is where forms lead, `undo` the id that was taken back just now.
    """

    groups: tuple[ScoreGroup, ...]
    targets: tuple[ScoreTargetForm, ...]
    offers: tuple[Offer, ...]
    may: bool
    action: str
    csrf: str
    back: str
    done: str
    undo: str
    more: bool
    all_href: str


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who looks, and from where."""

    author: str = ""
    may: bool = False
    csrf: str = ""
    back: str = ""
    done: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class TraceScores:
    """The scores of a trace and its spans, with what is needed to show them. `of_session` are those that its
    session was given as a whole."""

    project: str = ""
    trace_id: str = ""
    scores: tuple[Score, ...] = ()
    of_session: tuple[Score, ...] = ()
    definitions: Mapping[str, ScoreDefinition] = field(default_factory=dict)
    reader: _Reader = _Reader()

    @property
    def chips(self) -> dict[str, tuple[ScoreChip, ...]]:
        """A few words for each span that has scores of its own, by its id."""
        by_span: dict[str, list[Score]] = {}
        for score in self.scores:
            if score.target is ScoreTarget.SPAN:
                by_span.setdefault(score.span_id, []).append(score)
        return {span: chips(found, self.definitions, 2) for span, found in by_span.items()}

    @property
    def whole(self) -> tuple[ScoreChip, ...]:
        """The trace's own scores in a few words each; its session's where it has none of that name, as in
        lists."""
        own = {score.name for score in self.scores}
        far = [score for score in self.of_session if score.name not in own]
        return chips([*self._of_trace(), *far], self.definitions)

    def _of_trace(self) -> list[Score]:
        return [score for score in self.scores if score.target is ScoreTarget.TRACE]

    def of(self, span_id: str, topmost: bool) -> list[Score]:
        """The scores of a span, of the topmost one also those of the trace."""
        own = [score for score in self.scores if score.span_id == span_id]
        return [*own, *(self._of_trace() if topmost else ())]

    def part(self, span_id: str, topmost: bool, output: str) -> ScoresPart:
        """The tab of a span; `output` is what it said, for corrections."""
        author = self.reader.author
        own = rows([s for s in self.scores if s.span_id == span_id], self.definitions, author, output)
        whole = rows(self._of_trace(), self.definitions, author, output if topmost else "")
        ids = (("trace_id", self.trace_id),)
        groups = [
            ScoreGroup("This span", own, "Nobody scored this span.", (*ids, ("span_id", span_id))),
            ScoreGroup("The whole trace", whole, "Nobody scored the trace as a whole.", ids),
        ]
        targets = groups[::-1] if topmost else groups
        if topmost and self.of_session:
            session = (("session_id", self.of_session[0].session_id),)
            given = rows(self.of_session, self.definitions, author, "")
            groups = [*groups, ScoreGroup("Its whole session", given, "", session)]
        return _part(self.project, self.scores, self.definitions, self.reader, groups, targets)


@dataclass(frozen=True, slots=True)
class SessionScores:
    """The scores of a session as a whole: all of them, and in a few words."""

    part: ScoresPart
    chips: tuple[ScoreChip, ...]


async def trace_scores(
    services: Services, request: Request, principal: Principal, project: str, trace_id: str, session_id: str
) -> TraceScores:
    """The scores of a trace, what its session was given, and what the project means by them."""
    scores, given, definitions = await asyncio.gather(
        scores_of(services.store, project, trace_id=trace_id),
        scores_of_sessions(services.store, project, [session_id] if session_id else []),
        _definitions(services, project),
    )
    reader = _reader(request, principal, project)
    return TraceScores(project, trace_id, tuple(scores), tuple(given[:_OF_SESSION]), definitions, reader)


async def session_scores(
    services: Services, request: Request, principal: Principal, project: str, session_id: str
) -> SessionScores:
    """The scores of a session as a whole, with a form."""
    scores, definitions = await asyncio.gather(
        scores_of(services.store, project, session_id=session_id), _definitions(services, project)
    )
    reader = _reader(request, principal, project)
    shown = rows(scores, definitions, reader.author, "")
    ids = (("session_id", session_id),)
    groups = [ScoreGroup("The whole session", shown, "Nobody scored the session as a whole.", ids)]
    part = _part(project, scores, definitions, reader, groups, groups)
    return SessionScores(part, chips(scores, definitions))


async def _definitions(services: Services, project: str) -> dict[str, ScoreDefinition]:
    kept = await run_in_threadpool(services.control.score_definitions, project)
    return {one.name: one for one in kept}


def _reader(request: Request, principal: Principal, project: str) -> _Reader:
    query = request.query_params
    undo = query.get("score_undo", "")[:200]
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return _Reader(
        author=author_of(principal),
        may=may_score(principal, project),
        csrf=principal.csrf,
        back=back[:4000],
        done=DONE.get(query.get("score_done", ""), ""),
        undo=undo if query.get("score_done") == "taken-back" else "",
    )


def _part(
    project: str,
    scores: Sequence[Score],
    definitions: Mapping[str, ScoreDefinition],
    reader: _Reader,
    groups: Sequence[ScoreGroup],
    targets: Sequence[ScoreGroup],
) -> ScoresPart:
    """`targets` are the groups in the order in which they are offered to be scored."""
    forms = (
        ScoreTargetForm(
            one.title, one.fields, quick_rows(definitions.values(), one.rows, keys=one is targets[0])
        )
        for one in targets
    )
    return ScoresPart(
        groups=tuple(groups),
        targets=tuple(forms) if reader.may else (),
        offers=offers(definitions.values(), dict.fromkeys(score.name for score in counting(scores))),
        may=reader.may,
        action=path_of(project, "scores"),
        csrf=reader.csrf,
        back=reader.back,
        done=reader.done,
        undo=reader.undo,
        more=len(scores) >= MOST_OF_ONE,
        all_href=with_query(
            "/api/v1/scores",
            {"project": project, **dict(min(targets, key=lambda one: len(one.fields)).fields)},
        ),
    )


def output_of(contents: Sequence[Content], events: Sequence[SpanEvent]) -> str:
    """What a span answered, as text; empty where it is not told."""
    said = conversation(contents, events).messages
    answers = [message for message in said if message.answer] or list(said[-1:])
    texts = [part.text for message in answers for part in message.parts if isinstance(part, Text)]
    return "\n".join(texts)
