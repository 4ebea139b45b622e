"""What a person does with scores on pages: give, correct, take back, and undo that."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.api.problems import Problem
from sightline.api.scores import gone, keep, score_from
from sightline.pages.address import local, path_of, with_query
from sightline.pages.answers import Refused, form
from sightline.pages.frames import Frames, Table
from sightline.pages.score_rows import BY_HAND, typed_value
from sightline.pages.services import Services
from sightline.query.scores import ScoreQuestion, list_scores
from sightline.query.window import LATEST, Window
from sightline.records.access import Principal
from sightline.records.scores import Score

MOST_UNDONE = 1_000
# A page waits so long (s) for what was kept to be visible, and looks so often.
_PATIENCE, _LOOKS = 3.0, 0.1


class ScoreForms:
    """`POST /p/{project}/scores`: one form gives and corrects, one takes back, one undoes it."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        # What was taken back lately, to give it again. Forgotten at a restart.
        self._taken: OrderedDict[tuple[str, str], Score] = OrderedDict()

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [
            ("POST", "/p/{project}/scores", self.give),
            ("POST", "/p/{project}/scores/{score_id:path}/take-back", self.take_back),
            ("POST", "/p/{project}/scores/{score_id:path}/undo", self.undo),
        ]

    async def give(self, request: Request) -> Response:
        """Keep a score, and go back to where it was given."""
        project = request.path_params["project"]
        principal, fields = await self.frames.reader(request, project), await form(request)
        try:
            score = await self._typed(project, principal, fields)
            await keep(self.services.journal, project, [score], self.services.clock())
        except ValueError as error:
            sentence = f"{str(error)[:1].upper()}{str(error)[1:]}."
            raise Refused(422, "This score was not kept", f"{sentence} Go back to change it.") from error
        except Problem as problem:
            raise Refused(problem.status, "This score was not kept", problem.detail) from problem
        await self._visible(score)
        return _back(project, fields, score_done="kept")

    async def take_back(self, request: Request) -> Response:
        """Take a score back."""
        project, id_ = request.path_params["project"], request.path_params["score_id"]
        await self.frames.reader(request, project)
        fields, now = await form(request), self.services.clock()
        there = await self._stored(project, id_)
        if there is None:
            return _back(project, fields, score_done="gone")
        try:
            await keep(self.services.journal, project, [gone(project, id_, now)], now)
        except Problem as problem:
            raise Refused(problem.status, "This score was not taken back", problem.detail) from problem
        self._taken[project, id_] = there
        while len(self._taken) > MOST_UNDONE:
            self._taken.popitem(last=False)
        await self._visible(there, gone=True)
        return _back(project, fields, score_done="taken-back", score_undo=id_)

    async def undo(self, request: Request) -> Response:
        """Give again what was taken back."""
        project, id_ = request.path_params["project"], request.path_params["score_id"]
        await self.frames.reader(request, project)
        fields, now = await form(request), self.services.clock()
        score = self._taken.pop((project, id_), None)
        if score is None:
            return _back(project, fields, score_done="late")
        again = replace(score, version=now)
        try:
            await keep(self.services.journal, project, [again], now)
        except Problem as problem:
            raise Refused(problem.status, "This score was not kept", problem.detail) from problem
        await self._visible(again)
        return _back(project, fields, score_done="undone")

    async def _typed(self, project: str, principal: Principal, fields: Mapping[str, str]) -> Score:
        """A score from a form. Raises ValueError with a sentence, without its full stop."""
        kept = await run_in_threadpool(self.services.control.score_definitions, project)
        definitions = {one.name: one for one in kept}
        name = fields.get("name", "").strip()
        value, label = typed_value(fields.get("value", "")[:1000], definitions.get(name))
        item = {
            key: fields[key]
            for key in ("trace_id", "span_id", "session_id", "comment", "correction", "id")
            if fields.get(key, "").strip()
        }
        given = {**item, "name": name[:200], "value": value, "label": label, "method": BY_HAND}
        given["source"] = "person"
        if fields.get("id") and not await self._mine(project, fields["id"], principal):
            del given["id"]
        return score_from(given, project, principal, self.services.clock(), definitions)

    async def _mine(self, project: str, id_: str, principal: Principal) -> bool:
        """Whether a score is the reader's own, so that theirs replaces it."""
        there = await self._stored(project, id_)
        return there is not None and there.source == "person" and there.author == author_of(principal)

    async def _stored(self, project: str, id_: str) -> Score | None:
        window = Window(project, 0, LATEST)
        found, _ = await list_scores(self.services.store, ScoreQuestion(id=id_), window, limit=1)
        return found[0] if found else None

    async def _visible(self, score: Score, *, gone: bool = False) -> None:
        """Wait until a list shows what was kept, or for a moment: the page says so either way."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE
        while loop.time() < until:
            there = await self._stored(score.project, score.id)
            if there is None if gone else there is not None and there.version >= score.version:
                return
            await asyncio.sleep(_LOOKS)


def author_of(principal: Principal) -> str:
    """Under which name a reader gives scores; empty at an open server."""
    return principal.person.email if principal.person else ""


def _back(project: str, fields: Mapping[str, str], **said: str) -> Response:
    """To the page that the form came from, with what to say there."""
    page = local(fields.get("back", ""))
    home = path_of(project, "traces")
    parts = urlsplit(page)
    if not parts.path.startswith(path_of(project, "")):
        return RedirectResponse(home, 303)
    kept = [one for one in parts.query.split("&") if one and not one.startswith("score_")]
    query = "&".join([*kept, with_query("", said).removeprefix("?")])
    return RedirectResponse(f"{parts.path}?{query}#scores", 303)
