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
from sightline.records.people import Role
from sightline.records.scores import Score
from sightline.store.store import Store

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
            raise not_kept(error, project, fields, "This score was not kept") from error
        except Problem as problem:
            raise Refused(problem.status, "This score was not kept", problem.detail) from problem
        await visible(self.services.store, score)
        return given_back(project, fields, score_done="kept")

    async def take_back(self, request: Request) -> Response:
        """Take a score back."""
        project, id_ = request.path_params["project"], request.path_params["score_id"]
        await self.frames.reader(request, project)
        fields, now = await form(request), self.services.clock()
        there = await _stored(self.services.store, project, id_)
        if there is None:
            return given_back(project, fields, score_done="gone")
        try:
            await keep(self.services.journal, project, [gone(project, id_, now)], now)
        except Problem as problem:
            raise Refused(problem.status, "This score was not taken back", problem.detail) from problem
        self._taken[project, id_] = there
        while len(self._taken) > MOST_UNDONE:
            self._taken.popitem(last=False)
        await visible(self.services.store, there, gone=True)
        return given_back(project, fields, score_done="taken-back", score_undo=id_)

    async def undo(self, request: Request) -> Response:
        """Give again what was taken back."""
        project, id_ = request.path_params["project"], request.path_params["score_id"]
        await self.frames.reader(request, project)
        fields, now = await form(request), self.services.clock()
        score = self._taken.pop((project, id_), None)
        if score is None:
            return given_back(project, fields, score_done="late")
        again = replace(score, version=now)
        try:
            await keep(self.services.journal, project, [again], now)
        except Problem as problem:
            raise Refused(problem.status, "This score was not kept", problem.detail) from problem
        await visible(self.services.store, again)
        return given_back(project, fields, score_done="undone")

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
        there = await _stored(self.services.store, project, id_)
        return there is not None and there.source == "person" and there.author == author_of(principal)


async def _stored(store: Store, project: str, id_: str) -> Score | None:
    window = Window(project, 0, LATEST)
    found, _ = await list_scores(store, ScoreQuestion(id=id_), window, limit=1)
    return found[0] if found else None


async def visible(store: Store, score: Score, *, gone: bool = False) -> None:
    """Wait until a list shows what was kept, or for a moment: the page says so either way."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE
    while loop.time() < until:
        there = await _stored(store, score.project, score.id)
        if there is None if gone else there is not None and there.version >= score.version:
            return
        await asyncio.sleep(_LOOKS)


def not_kept(error: ValueError, project: str, fields: Mapping[str, str], title: str) -> Refused:
    """What is said of a form that cannot be kept, with the way back to it."""
    # A sentence of ours would begin with a capital; a name keeps its own letters.
    return Refused(422, title, f"The reason: {error}. Go back to change it.", _home(project, fields))


def may_score(principal: Principal, project: str) -> bool:
    """Whether a reader may give scores: an editor, or anybody at an open server."""
    role = Role.ADMIN if principal.open else principal.role_in(project)
    return role is not None and role.includes(Role.EDITOR)


def author_of(principal: Principal) -> str:
    """Under which name a reader gives scores; empty at an open server."""
    return principal.person.email if principal.person else ""


def given_back(project: str, fields: Mapping[str, str], **said: str) -> Response:
    """To the page that the form came from, with what to say there."""
    parts = urlsplit(_home(project, fields))
    kept = [one for one in parts.query.split("&") if one and not one.startswith("score_")]
    query = "&".join([*kept, with_query("", said).removeprefix("?")])
    return RedirectResponse(f"{parts.path}?{query}#scores", 303)


def _home(project: str, fields: Mapping[str, str]) -> str:
    """The page of the project that a form came from, else its traces."""
    page = local(fields.get("back", ""))
    inside = urlsplit(page).path.startswith(path_of(project, ""))
    return page if inside else path_of(project, "traces")
