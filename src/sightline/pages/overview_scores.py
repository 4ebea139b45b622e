"""The overview's scores: each name over time, with its mean or share and how many were rated."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from sightline.control.score_rules import goodness
from sightline.pages import formats
from sightline.pages.address import View
from sightline.pages.charts import LOW, RANGE, Chart, Line, chart
from sightline.pages.figures import Shown, fitted, points, shown
from sightline.pages.score_lists import has
from sightline.pages.score_rows import tone
from sightline.query.breakdown import breakdown
from sightline.query.filter.spelling import spell_name
from sightline.query.measures import Unit
from sightline.query.question import ask
from sightline.query.selection import Selection
from sightline.query.significance import share_grew
from sightline.query.weights import weighed
from sightline.records.figures import Breakdown, Figure
from sightline.records.scores import DataType, ScoreDefinition
from sightline.store.store import Store

SHOWN = 4
_LABELS = 4
_COLOURS = ("c1", "c2", "c3", "c4")


@dataclass(frozen=True, slots=True)
class Asked:
    """A name to show, and what its scores are."""

    name: str
    kind: DataType

    @property
    def field(self) -> str:
        """Its name in filters and measures."""
        return spell_name(f"score.{self.name}")


@dataclass(frozen=True, slots=True)
class Course:
    """What was answered about one name: its mean and how many were rated, or its labels."""

    asked: Asked
    found: Breakdown
    at: int = 0


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A score of the overview. `href` explores it, `rated_href` opens the `rated` traces behind it."""

    name: str
    description: str
    href: str
    label: str
    figure: Shown
    tone: str
    rated: str
    rated_href: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class ScoresPart:
    """Everything `_overview_scores.html` shows."""

    scores: tuple[ScorePart, ...]
    failure: str = ""


async def courses(store: Store, selection: Selection, asked: Sequence[Asked], zone: str) -> list[Course]:
    """The answers for some names, in their order. Errors of the store pass through."""
    selection = await weighed(store, selection)
    numbers = [one for one in asked if one.kind is not DataType.CATEGORICAL]
    labelled = [one for one in asked if one.kind is DataType.CATEGORICAL]
    measures = [name for one in numbers for name in (one.field, f"{one.field}.count")]
    questions = [ask(selection, measures, zone=zone)] if numbers else []
    questions += [ask(selection, ["count"], [one.field], top=_LABELS, zone=zone) for one in labelled]
    answers = list(await asyncio.gather(*(breakdown(store, question) for question in questions)))
    found = {}
    if numbers:
        whole = answers.pop(0)
        found = {one.name: Course(one, whole, 2 * n) for n, one in enumerate(numbers)}
    found |= {one.name: Course(one, of) for one, of in zip(labelled, answers, strict=True)}
    return [found[one.name] for one in asked]


def parts(
    view: View,
    now: Sequence[Course],
    before: Sequence[Course],
    definitions: Mapping[str, ScoreDefinition],
    zone: tzinfo,
    moment: int,
) -> tuple[ScorePart, ...]:
    """The scores that something was rated by. `before` is the comparison, empty without one. Pure."""
    earlier: dict[str, Course] = {one.asked.name: one for one in before}
    found = []
    for one in now:
        drawn = _labels if one.asked.kind is DataType.CATEGORICAL else _numbers
        part = drawn(view, one, earlier.get(one.asked.name), definitions.get(one.asked.name), zone, moment)
        if part:
            found.append(part)
    return tuple(found)


def _numbers(
    view: View, course: Course, before: Course | None, definition: ScoreDefinition | None, zone: tzinfo,
    moment: int,
) -> ScorePart | None:  # fmt: skip
    asked, found, at = course.asked, course.found, course.at
    mean, rated = found.whole.total[at], int(found.whole.total[at + 1].value or 0)
    if not rated or mean.value is None:
        return None
    share = asked.kind is DataType.BOOLEAN
    unit = Unit.RATIO if share else Unit.SCORE
    was = before.found.whole.total[before.at] if before else None
    n_before = int(before.found.whole.total[before.at + 1].value or 0) if before else 0
    figure = shown(
        Figure(mean.value),
        unit,
        Figure(was.value) if was else None,
        sample=rated,
        sample_before=n_before,
        worse=share and was is not None and _worse(definition, mean.value, rated, was.value, n_before),
    )
    figure = replace(figure, why=f"of {formats.count(rated)} rated traces")
    here = view.link("traces", q=has(asked.name), range=RANGE)
    lines = [Line("share of yes" if share else "mean", "c1", points(found.whole, at), here)]
    if before:
        values = fitted(points(before.found.whole, before.at), len(found.starts))
        lines.append(Line("before", "ghost", values, dashed=True))
    title = "Share of yes" if share else "Mean"
    return _part(
        view, course, figure, title, tone(definition, mean.value), rated, definition, lines, unit,
        zone, moment, href=view.link("explore", measure=asked.field, of="traces"),
    )  # fmt: skip


def _worse(
    definition: ScoreDefinition | None, mean: float, rated: int, was: float | None, rated_before: int
) -> bool:
    """Whether more were bad than chance explains: of yes and no, where a direction says which is bad."""
    now, then = goodness(definition, mean), goodness(definition, was)
    if now is None or then is None:
        return False
    return share_grew(
        round((1 - now) * rated), rated, round((1 - then) * rated_before), rated_before
    )  # fmt: skip


def _labels(
    view: View, course: Course, before: Course | None, definition: ScoreDefinition | None, zone: tzinfo,
    moment: int,
) -> ScorePart | None:  # fmt: skip
    asked = course.asked
    rows = [row for row in course.found.rows if row.group.other or row.group.values[0]]
    rated = sum(int(row.total[0].value or 0) for row in rows)
    named = [row for row in rows if not row.group.other]
    if not rated or not named:
        return None
    most = max(named, key=lambda row: row.total[0].value or 0)
    label = most.group.values[0]
    share, was, n_before = (most.total[0].value or 0) / rated, None, 0
    if before:
        earlier = [row for row in before.found.rows if row.group.other or row.group.values[0]]
        n_before = sum(int(row.total[0].value or 0) for row in earlier)
        same = sum(int(r.total[0].value or 0) for r in earlier if r.group.values == most.group.values)
        was = Figure(same / n_before) if n_before else None
    figure = shown(Figure(share), Unit.RATIO, was, sample=rated, sample_before=n_before)
    figure = replace(figure, why=f"the share of {label[:80]}, its most frequent label")
    lines = []
    for n, row in enumerate(named[: len(_COLOURS)]):
        here = view.link("traces", q=row.group.filter, range=RANGE)
        lines.append(Line(row.group.values[0][:40], _COLOURS[n], points(row, 0), here))
    lines += [
        Line("other", "c6", points(row, 0), view.link("traces", q=row.group.filter, range=RANGE))
        for row in rows
        if row.group.other
    ]
    return _part(
        view, course, figure, "Labels", "", rated, definition, lines, Unit.COUNT, zone, moment,
        href=view.link("explore", by=asked.field, of="traces"), label=label,
    )  # fmt: skip


def _part(
    view: View, course: Course, figure: Shown, title: str, toned: str, rated: int,
    definition: ScoreDefinition | None, lines: list[Line], unit: Unit, zone: tzinfo, moment: int, *,
    href: str, label: str = "",
) -> ScorePart:  # fmt: skip
    found, name = course.found, course.asked.name
    # Names are anybody's texts; an id of the page is not.
    id_ = f"score-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return ScorePart(
        name=course.asked.name,
        description=definition.description if definition else "",
        href=href,
        label=label,
        figure=figure,
        tone=toned,
        rated=formats.count(rated),
        rated_href=view.link("traces", q=has(course.asked.name)),
        chart=chart(
            id_, title, lines, found.starts, found.end, unit,
            kind="bars" if unit is Unit.COUNT else "lines", zoom=view.link("", range=RANGE), height=LOW,
            zone=zone, until=min(moment, view.until),
        ),
    )  # fmt: skip
