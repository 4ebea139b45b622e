"""The overview's tables: by model, feature, team, environment and service. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.pages.address import View
from sightline.pages.figures import Shown, narrow, shown, unit_of
from sightline.pages.formats import Absent
from sightline.pages.overview_figures import Both, share_worse, time_worse
from sightline.pages.shell import NAVIGATION
from sightline.pages.traces_rows import short_model
from sightline.query.overview import CALL_MEASURES, ENTRY_MEASURES
from sightline.records.figures import Breakdown, Figure, Series

LESS = frozenset({"Tokens", "TTFT p95"})
_REQUESTS = ("count", "error_rate", "duration.p95", "tokens", "cost")
_TITLES = {"feature": "By feature", "team": "By team", "env": "By environment"}
_NAMES = {"feature": "Feature", "team": "Team", "env": "Environment"}


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A row of a table: what it is about (or a kind of no number), where it leads, and its figures."""

    name: str
    absent: str
    title: str
    href: str
    cells: tuple[Shown, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A table of the overview. `less` are columns that narrow screens have no room for."""

    id: str
    title: str
    head: tuple[str, ...]
    less: frozenset[str]
    rows: tuple[PanelRow, ...]
    note: str
    href: str


def panels(view: View, found: Both) -> tuple[Panel, ...]:
    """The tables: by model, feature, team, environment and service. One group alone needs no table."""
    tables = [
        _panel(
            view, "model", "By model", ("Model", "Calls", "Errors", "p95", "TTFT p95", "Tokens", "Cost"),
            found.models.rows, found.models.whole, CALL_MEASURES,
            ("count", "error_rate", "duration.p95", "ttft.p95", "tokens", "cost"),
            found.models_before, spans=True, note="model calls",
        )
    ]  # fmt: skip
    for n, part in enumerate(found.now.parts):
        earlier = found.before.parts[n].rows if found.before else ()
        tables.append(
            _panel(
                view, part.by, _TITLES[part.by],
                (_NAMES[part.by], "Requests", "Errors", "p95", "Tokens", "Cost"),
                part.rows, found.now.whole, found.now.measures, _REQUESTS,
                (earlier, found.before.whole) if found.before else None, note="requests",
            )
        )  # fmt: skip
    tables.append(
        _panel(
            view, "service", "By service", ("Service", "Entered", "Errors", "p95"), found.services.rows,
            found.services.whole, ENTRY_MEASURES, ("count", "error_rate", "duration.p95"),
            found.services_before, spans=True, note="topmost spans of requests",
        )
    )  # fmt: skip
    return tuple(
        t
        for t in tables
        if t.rows and (len(t.rows) > 2 or t.rows[0].absent != Absent.NOT_SET or t.id == "model")
    )


def _panel(
    view: View,
    by: str,
    title: str,
    head: tuple[str, ...],
    rows: Sequence[Series],
    whole: Series,
    measures: Sequence[str],
    columns: Sequence[str],
    before: Breakdown | tuple[Sequence[Series], Series] | None,
    *,
    spans: bool = False,
    note: str = "",
) -> Panel:
    rows_before, whole_before = (
        (before.rows, before.whole) if isinstance(before, Breakdown) else before if before else ((), None)
    )
    earlier = {row.group.values: row for row in rows_before if not row.group.other}
    others = next((row for row in rows_before if row.group.other), None)
    made = []
    for row in rows:
        was = others if row.group.other else earlier.get(row.group.values)
        value = row.group.values[0] if row.group.values else ""
        made.append(
            PanelRow(
                # The title has it in full.
                name="other" if row.group.other else short_model(value) if by == "model" else value,
                absent="" if value or row.group.other else Absent.NOT_SET,
                title=row.group.filter,
                href=view.link("traces", q=row.group.filter, view="spans" if spans else None),
                cells=_cells(row, measures, columns, was, before is not None),
            )
        )
    if len(made) > 1:
        href = view.link("traces", q=whole.group.filter, view="spans" if spans else None)
        cells = _cells(whole, measures, columns, whole_before, before is not None)
        made.append(PanelRow("All", "", "", href, cells, total=True))
    # Explore asks the same, with everything that can be changed about it.
    link = _explore(view, by, whole.group.filter, spans)
    return Panel(f"by-{by}", title, head, LESS, tuple(made), note, link)


def _explore(view: View, by: str, q: str, spans: bool) -> str:
    if not any(entry.name == "explore" for entry in NAVIGATION):
        return ""
    return view.link("explore", by=by, q=q, of=None if spans else "traces")


def _cells(
    row: Series, measures: Sequence[str], columns: Sequence[str], before: Series | None, compares: bool
) -> tuple[Shown, ...]:
    sample = int(row.total[measures.index("count")].value or 0)
    sample_before = int(before.total[measures.index("count")].value or 0) if before else 0
    found = []
    for name in columns:
        at = measures.index(name)
        worse = share_worse(row, measures, before) if name == "error_rate" else False
        if name.endswith(".p95"):
            worse = time_worse(row, measures, name, before)
        was = before.total[at] if before else None
        if compares and before is None and name == "count":
            was = Figure(0)
        found.append(
            narrow(
                shown(
                    row.total[at], unit_of(name), was, sample=sample, sample_before=sample_before, worse=worse
                )
            )
        )
    return tuple(found)
