"""What stands above the list: how many match, what they cost, how long they took, and when they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.pages import formats
from sightline.pages.chart_shapes import Chart
from sightline.pages.charts import RANGE, Line, chart
from sightline.pages.figures import Shown, shown
from sightline.pages.traces_state import ListState
from sightline.query.filter.edits import all_of, parts_of
from sightline.query.filter.nodes import Node
from sightline.query.filter.parser import parse
from sightline.query.filter.spelling import spell
from sightline.query.measures import Unit
from sightline.query.selection import Selection, Target
from sightline.records.figures import Breakdown

MEASURES = ("count", "errors", "cost", "duration.p50", "duration.p95")
GROUP_MEASURES = ("count", "errors", "error_rate", "duration.p50", "duration.p95", "tokens", "cost")
HEIGHT = 44


@dataclass(frozen=True, slots=True)
class FiguresPart:
    """The line of figures and the histogram. `of` is how many there are without the filter, None without one.

    `errors` is the share that failed; `failed` opens these. `late`: the figures were not ready with the list
    and come by themselves; `fault` says why there are none. `estimate` is how many the stored ones stand for,
    None where each stands for itself.
    """

    count: int | None
    noun: str
    of: int | None
    errors: str
    failed: str
    cost: Shown | None
    p50: Shown | None
    p95: Shown | None
    exact: bool
    histogram: Chart | None
    late: bool = False
    fault: str = ""
    estimate: Shown | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Spans of one name together; `name` is empty for all others."""

    name: str
    href: str
    figures: tuple[Shown, ...]


def none(*, late: bool = False, fault: str = "") -> FiguresPart:
    """No figures: they come later, or cannot come."""
    return FiguresPart(None, "", None, "", "", None, None, None, True, None, late, fault)


def part(state: ListState, selection: Selection, found: Breakdown, of: int | None, now: int) -> FiguresPart:
    """The figures of a list from their breakdown over time."""
    whole = dict(zip(found.measures, found.whole.total, strict=True))
    count, errors = int(whole["count"].value or 0), int(whole["errors"].value or 0)
    share = formats.percent(errors, count, whole["count"].stored or count)
    estimate = shown(whole["count"], Unit.COUNT) if found.weighted and count else None
    if found.weighted:
        count = whole["count"].stored or 0
    spans = selection.target is Target.SPANS
    noun = ("span" if spans else "trace") + ("" if count == 1 else "s")
    return FiguresPart(
        count=count,
        noun=noun,
        of=of if of != count else None,
        errors=share if errors else "",
        failed=state.link(q=_with(selection.node, _failed(selection.target))),
        cost=shown(whole["cost"], Unit.USD, headline=True),
        p50=shown(whole["duration.p50"], Unit.NANOSECONDS),
        p95=shown(whole["duration.p95"], Unit.NANOSECONDS),
        exact=found.exact,
        histogram=_histogram(state, selection, found, now),
        estimate=estimate,
    )


def _failed(target: Target, failed: bool = True) -> Node:
    if target is Target.SPANS:
        return parse("status:error" if failed else "-status:error")
    return parse("trace.errors>0" if failed else "trace.errors:0")


def _with(node: Node, more: Node) -> str:
    return spell(all_of([*parts_of(node), more]))


def _histogram(state: ListState, selection: Selection, found: Breakdown, now: int) -> Chart:
    counts = [int(point[0].value or 0) for point in found.whole.points]
    errors = [int(point[1].value or 0) for point in found.whole.points]

    def opens(failed: bool) -> str:
        q = _with(selection.node, _failed(selection.target, failed))
        return state.link(q=q, range=RANGE)

    fine = [count - wrong for count, wrong in zip(counts, errors, strict=True)]
    title = "Spans over time" if selection.target is Target.SPANS else "Traces over time"
    return chart(
        "histogram",
        title,
        [
            Line("failed", "err", [float(n) for n in errors], opens(True)),
            Line("without errors", "ghost", [float(n) for n in fine], opens(False)),
        ],
        found.starts,
        found.end,
        str(Unit.COUNT),
        kind="bars",
        finding=_finding(counts, errors),
        zoom=state.link(range=RANGE),
        height=HEIGHT,
        until=min(now, found.end),
    )


def _finding(counts: Sequence[int], errors: Sequence[int]) -> str:
    total, failed = sum(counts), sum(errors)
    if not total:
        return "nothing matches in this time"
    most = max(range(len(counts)), key=counts.__getitem__)
    return f"{total:,} in all, {failed:,} with errors, at most {counts[most]:,} in one stretch"


def groups(state: ListState, found: Breakdown) -> tuple[Group, ...]:
    """Spans by name, with the filter that opens each."""
    units = {"count": Unit.COUNT, "errors": Unit.COUNT, "error_rate": Unit.RATIO, "tokens": Unit.TOKENS,
             "cost": Unit.USD}  # fmt: skip
    made = []
    for row in (*found.rows, found.whole):
        sample = int(row.total[0].value or 0)
        figures = tuple(
            shown(figure, units.get(name, Unit.NANOSECONDS), sample=sample)
            for name, figure in zip(found.measures, row.total, strict=True)
        )
        name = row.group.values[0] if row.group.values else "all others" if row.group.other else "all"
        href = state.link(q=row.group.filter or None, view="spans", sort=None, cols=None)
        made.append(Group(name, href, figures))
    return tuple(made)
