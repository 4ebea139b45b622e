"""The columns of the list: those with a look of their own, and any field or attribute as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.pages.address import Link
from sightline.pages.traces_state import ListState
from sightline.query.dimensions import Dimension, NoDimension
from sightline.query.listing_order import NEWEST, TIME, Sort
from sightline.query.score_measures import dimension_named, score_column
from sightline.query.selection import Target
from sightline.records.facets import Used

# Name → words, class, and what it is sorted by. The order is that of the menu.
_BUILT: dict[str, tuple[str, str, str]] = {
    "kind": ("Kind", "kd", ""),
    "name": ("Name", "nm", ""),
    "input": ("Input", "pv", ""),
    "duration": ("Duration", "num du", "duration"),
    "ttft": ("First token", "num ft", "ttft"),
    "tokens": ("Tokens", "num tok", "tokens"),
    "cost": ("Cost", "num co", "cost"),
    "model": ("Model", "mo", ""),
    "user": ("User", "us", ""),
    "session": ("Session", "us", ""),
    "service": ("Service", "mo", ""),
    "spans": ("Spans", "num", "spans"),
    "errors": ("Errors", "num", "errors"),
    "feedback": ("Scores", "fb", ""),
}
_USUAL = {
    Target.TRACES: ("name", "input", "duration", "tokens", "cost", "model"),
    Target.SPANS: ("kind", "name", "input", "duration", "tokens", "cost"),
}
_ONLY = {"kind": Target.SPANS, "spans": Target.TRACES, "errors": Target.TRACES}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `name` as the address has it, `look` its class, `sort` where a click on its head leads.

    `order` is what `aria-sort` says, `dimension` what its text is read from, None for those with a look of
    their own. `filter` is the field that a cell of it filters by, empty where it has none.
    """

    name: str
    text: str
    look: str
    sort: str = ""
    order: str = ""
    dimension: Dimension | None = None
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that may be chosen; `count` of the latest spans have it, None where that was not asked."""

    name: str
    text: str
    chosen: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a page, and what else could be chosen. `kept` are the hidden fields of the form."""

    shown: tuple[Column, ...]
    choices: tuple[Choice, ...]
    kept: tuple[tuple[str, str], ...]
    action: str
    usual: str
    time: Column

    @property
    def dimensions(self) -> list[Dimension]:
        """What is read from the store beside the usual."""
        return [column.dimension for column in self.shown if column.dimension]


_FILTERS = {
    "kind": "kind", "name": "name", "model": "model", "user": "user", "session": "session",
    "service": "service",
}  # fmt: skip


def columns(
    state: ListState, used: Sequence[Used] = (), *, scored: bool = False
) -> tuple[Columns, tuple[str, ...]]:
    """The columns that the address asks for, and a sentence for each that cannot be shown.

    `scored`: the project has scores, so that they are among the usual columns.
    """
    usual = (*_USUAL[state.target], "feedback") if scored else _USUAL[state.target]
    shown: list[Column] = []
    faults = []
    for name in state.cols or usual:
        if name in _BUILT and _ONLY.get(name, state.target) is state.target:
            shown.append(_built(name, state))
            continue
        try:
            found = dimension_named(name, score_of_trace(state, name))
        except NoDimension as error:
            faults.append(f"No column for “{name[:60]}”: {error}.")
            continue
        shown.append(Column(found.name, found.name.removeprefix("attr."), "tx", dimension=found,
                            filter=found.name))  # fmt: skip
    if not shown:
        shown = [_built(name, state) for name in usual]
    names = [column.name for column in shown]
    offered = [n for n in _BUILT if _ONLY.get(n, state.target) is state.target]
    choices = [Choice(n, _BUILT[n][0], n in names) for n in offered]
    choices += [Choice(c.name, c.name, True) for c in shown if c.dimension]
    choices += [Choice(u.name, u.name, False, u.count) for u in used if u.name not in names]
    kept = state.view.carried | {"q": state.view.q or None} | state.kept | {"cols": None}
    return Columns(
        shown=tuple(shown),
        choices=tuple(choices),
        kept=tuple((name, value) for name, value in kept.items() if value),
        action=state.view.link("traces").split("?")[0],
        usual=state.link(cols=None) if state.cols else "",
        time=Column("time", "Time", "tm", *_sorted(state, TIME)),
    ), tuple(faults)


def score_of_trace(state: ListState, name: str) -> bool:
    """Whether a column is a score that a trace has as a whole. Raises NoDimension."""
    return state.target is Target.TRACES and score_column(name, True) is not None


def _built(name: str, state: ListState) -> Column:
    text, look, by = _BUILT[name]
    sort = _sorted(state, by) if by else ("", "")
    return Column(name, text, look, *sort, filter=_FILTERS.get(name, ""))


def _sorted(state: ListState, by: str) -> tuple[str, str]:
    """Where a click on a head leads: the largest first, then the smallest; and how it is sorted now."""
    here = state.sort.by == by
    wanted = Sort(by, ascending=here and not state.sort.ascending)
    href = state.link(sort=str(wanted) if wanted != NEWEST else None)
    return href, ("ascending" if state.sort.ascending else "descending") if here else ""


def view_links(state: ListState, views: Sequence[tuple[str, str]]) -> tuple[Link, ...]:
    """The switch between what is listed; an order and columns that the other list lacks are left behind."""
    return tuple(
        Link(
            text,
            state.link(view=name if name != "traces" else None, sort=None, cols=None),
            name == state.shows,
        )
        for name, text in views
    )
