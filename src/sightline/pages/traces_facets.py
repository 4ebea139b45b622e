"""The facets beside the list: values with counts; a click adds one to the filter, another way excludes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sightline.pages.traces_state import ListState
from sightline.query.dimensions import Dimension, NoDimension
from sightline.query.filter.edits import asked, chosen, excluded, toggled, without
from sightline.query.filter.fields import Type, find
from sightline.query.filter.nodes import Node
from sightline.query.filter.spelling import spell
from sightline.query.score_measures import dimension_named
from sightline.query.selection import Selection
from sightline.records.facets import Facet, Facets, FacetValue

# Field → its words; those of the second part are folded until asked for.
OPEN = {
    "status": "Status", "kind": "Kind", "model": "Model", "env": "Environment", "feature": "Feature",
    "name": "Name",
}  # fmt: skip
FOLDED = {
    "service": "Service", "team": "Team", "tool": "Tool", "agent": "Agent", "user": "User",
    "prompt.version": "Prompt version", "release": "Release", "error.type": "Error type",
    "finish_reason": "Finish reason", "tags": "Tags",
}  # fmt: skip
SHOWN = 10
_RANGE = re.compile(r"(-?[0-9.e]*[0-9])?\.\.(<-?[0-9.e]*[0-9])?")
MORE = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """A value. `state` is `on`, `off` (excluded) or empty; `href` toggles it, `exclude` excludes it."""

    text: str
    not_set: bool
    count: str
    state: str
    href: str
    exclude: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A facet. `more` opens it with more values, `fewer` closes that; `find` is what they begin with."""

    name: str
    title: str
    open: bool
    choices: tuple[Choice, ...]
    values: str
    more: str
    fewer: str
    find: str


@dataclass(frozen=True, slots=True)
class FacetsPart:
    """All facets. `counted_since` (ns) is set where not the whole range was counted; `fault` says why there
    are none; `kept` are hidden fields of the search in a facet."""

    panels: tuple[Panel, ...]
    counted_since: int | None
    fault: str
    kept: tuple[tuple[str, str], ...]


NONE = FacetsPart((), None, "", ())


def names(state: ListState, scores: Iterable[str] = ()) -> tuple[str, ...]:
    """The facets that are counted; `scores` are those of scores."""
    usual = (*OPEN, *scores, *FOLDED)
    return usual if state.facet in ("", *usual) else (*usual, state.facet)


def part(
    state: ListState,
    selection: Selection,
    found: Facets,
    more: Facet | None,
    scores: Mapping[str, str] | None = None,
) -> FacetsPart:
    """The facets of a list. `more` is the one that is shown with many values, `scores` words for scores."""
    node = selection.node
    panels = []
    for facet in found.facets:
        wide = more is not None and more.name == facet.name
        title = (scores or {}).get(facet.name.removeprefix("trace."), "")
        panel = _panel(state, node, more if wide and more else facet, wide, title)
        if panel:
            panels.append(panel)
    late = found.since if found.since > selection.window.since else None
    kept = state.view.carried | {"q": state.view.q or None} | state.kept | {"facet": state.facet or None}
    hidden = tuple((name, value) for name, value in kept.items() if value)
    return FacetsPart(tuple(panels), late, "", hidden)


def _panel(state: ListState, node: Node, facet: Facet, wide: bool, words: str = "") -> Panel | None:
    by = by_name(facet.name)
    # What is not set comes last, and what was asked for is shown though nothing has it.
    listed = sorted(facet.top, key=lambda value: not value.text)
    there = {value.text for value in listed}
    listed += [FacetValue(text, 0, "") for text in asked(node, facet.name) if text not in there]
    choices = tuple(_choice(state, node, by, value, facet.exact) for value in listed)
    known = [value for value in facet.top if value.text]
    active = any(choice.state for choice in choices)
    # A field that nothing has, or only one and always the same, says nothing about this list.
    if not wide and not active and not known:
        return None
    return Panel(
        name=facet.name,
        title=words or OPEN.get(facet.name) or FOLDED.get(facet.name) or facet.name,
        open=facet.name in OPEN or bool(words) or active or wide,
        choices=choices,
        values=f"{facet.values:,}",
        more=state.link(facet=facet.name) if facet.values > len(facet.top) and not wide else "",
        fewer=state.link(facet=None) if wide else "",
        find=state.find if wide else "",
    )


def _choice(state: ListState, node: Node, by: Dimension, value: FacetValue, exact: bool) -> Choice:
    holds = by.holds(value.text)
    is_on, is_off = chosen(node, by.name, value.text), excluded(node, by.name, value.text)
    return Choice(
        text=worded(value.text) if by.score else value.text,
        not_set=not value.text,
        count="–" if not value.filter else f"{'' if exact else '≈ '}{value.count:,}",
        state="on" if is_on else "off" if is_off else "",
        href=state.link(q=spell(toggled(node, by.name, holds, value.text)) or None),
        exclude="" if is_off else state.link(q=spell(without(node, by.name, holds, value.text))),
    )


def worded(text: str) -> str:
    """A range of a score in words; any other value as it is."""
    low, dots, high = text.partition("..")
    if not dots or not (low or high) or not _RANGE.fullmatch(text):
        return text
    if not low:
        return f"below {high[1:]}"
    return f"{low} to {high[1:]}" if high else f"{low} and above"


def by_name(name: str) -> Dimension:
    """What a facet's values are conditions on; elements of lists, too."""
    field = find(name)
    if field and field.type is Type.LIST:
        return Dimension(field.names[0], "", Type.LIST)
    return dimension_named(name)


def can_be(name: str) -> bool:
    """Whether there is a facet of this name."""
    try:
        by_name(name)
    except NoDimension:
        return False
    return True


def telling(facets: FacetsPart, most: int = 3) -> Sequence[tuple[str, Choice]]:
    """The values that tell most, for a phone: failures first, then what is chosen."""
    found = [
        (panel.title, choice)
        for panel in facets.panels
        for choice in panel.choices
        if choice.state or (panel.name == "status" and choice.text == "error")
    ]
    return found[:most]
