"""The filter bar that pages share: the text in its field, what is wrong with it, and what could come next.

A page calls `chosen` for the selection, gives the answer to `filter_bar`, and draws that with the macro
`filter_of` of `_filter.html`. Without scripts it is a text field in a form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sightline.pages.address import Link, View, path_of
from sightline.pages.frames import Frames, Table
from sightline.pages.services import Services
from sightline.query.filter.errors import FilterError
from sightline.query.filter.vocabulary import LOGS, METRICS
from sightline.query.row_suggest import suggest_rows
from sightline.query.selection import Selection, Target, select
from sightline.query.suggest import suggest

_HINTS = {
    Target.TRACES: "conditions on spans must hold for one span of the trace",
    Target.SPANS: "all conditions must hold for the span",
}
MOST_TEXT = 8_000
# What else than spans a bar may be about, by the name of its table.
ROWS = {LOGS.table: LOGS, METRICS.table: METRICS}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a filter: its text in three pieces around what is meant, and a sentence.

    `offset` and `length` count characters. `repair` applies what was probably meant.
    """

    before: str
    wrong: str
    after: str
    offset: int
    length: int
    sentence: str
    repair: Link | None


@dataclass(frozen=True, slots=True)
class FilterBar:
    """Everything the bar shows. `kept` are the form's hidden fields, `suggest` answers with completions.

    `example` is what an empty field shows.
    """

    action: str
    kept: tuple[tuple[str, str], ...]
    q: str
    hint: str
    suggest: str
    clear: str
    mistake: Mistake | None
    example: str = 'kind:llm duration>2s "words in a prompt"'


def chosen(view: View, now: int, target: Target = Target.TRACES) -> Selection | FilterError:
    """What the address asks for: its filter in its range and environment; or why it cannot be understood."""
    try:
        return select(view.q, view.window, now, target, view.environment)
    except FilterError as error:
        return error


def filter_bar(
    view: View,
    page: str,
    found: Selection | FilterError,
    hidden: Mapping[str, str | None] | None = None,
    target: Target = Target.TRACES,
) -> FilterBar:
    """The bar of a page of this project; `hidden` are parameters of the page that a new search keeps."""
    kept = view.carried | dict(hidden or {})
    return FilterBar(
        action=path_of(view.project, page),
        kept=tuple((name, value) for name, value in kept.items() if value),
        q=view.q,
        hint=_HINTS[target],
        suggest=view.link("suggest", target=str(target)),
        clear=view.link(page, **kept) if view.q else "",
        mistake=mistake_of(view, page, found, kept) if isinstance(found, FilterError) else None,
    )


def mistake_of(view: View, page: str, error: FilterError, kept: Mapping[str, str | None]) -> Mistake:
    """What is wrong with the filter of an address, and the address in which it is repaired."""
    end = error.offset + error.length
    before, after = view.q[: error.offset], view.q[end:]
    repair = None
    if error.proposal:
        repaired = f"{before}{error.proposal}{after}"
        repair = Link(error.proposal, view.link(page, **(dict(kept) | {"q": repaired})))
    sentence = error.message + (f"; expected {error.expected}" if error.expected else "")
    return Mistake(before, view.q[error.offset : end], after, error.offset, error.length, sentence, repair)


class FilterPages:
    """`/p/{project}/suggest`: what could stand at the cursor of a filter, as JSON."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/suggest", self.suggest)]

    async def suggest(self, request: Request) -> Response:
        """At most 20 suggestions for `q` at the character `at`, counted in the range and environment."""
        view, _ = await self.frames.view(request, ("q", "at", "target"))
        at = request.query_params.get("at", "")
        place = int(at) if at.isdecimal() and len(at) < 6 else len(view.q)
        wanted = request.query_params.get("target", "")
        text, now, store = view.q[:MOST_TEXT], self.services.clock(), self.services.store
        if wanted in ROWS:
            found = await suggest_rows(store, ROWS[wanted], text, place, view.window, now, view.environment)
        else:
            target = Target.SPANS if wanted == "spans" else Target.TRACES
            found = await suggest(store, text, place, view.window, now, target, view.environment)
        return JSONResponse(
            {"suggestions": [asdict(one) for one in found]}, headers={"cache-control": "no-store"}
        )
