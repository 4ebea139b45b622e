"""Log records as lines of a page: how severe, when, whose, the text with what was found marked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sightline.pages.address import View
from sightline.pages.charts import RANGE, Chart, Line, chart
from sightline.query.filter.spelling import spell
from sightline.query.measures import Unit
from sightline.query.phrases import Phrase, ranges
from sightline.query.row_selection import holds
from sightline.records.facets import Facets
from sightline.records.logs import LogCounts, LogLine

# What of a body stands on one line, in characters, and how much before the first mark in it.
SHOWN, BEFORE = 400, 60
# Colours of severities in charts, and the tone of their words.
COLOURS = {
    "": "unknown",
    "trace": "ghost",
    "debug": "ghost",
    "info": "c6",
    "warn": "warn",
    "error": "err",
    "fatal": "err",
}
TONES = {"warn": "t-warn", "error": "t-err", "fatal": "t-err", "info": "", "": "muted"}
_TITLES = {
    "severity": "Severity",
    "service": "Service",
    "event": "Event",
    "scope": "Scope",
    "env": "Environment",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, marked or not."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `href` opens the record, `trace` leads to its span; `severity` is empty when nobody said."""

    key: str
    href: str
    time: int
    severity: str
    severity_title: str
    tone: str
    service: str
    event: str
    pieces: tuple[Piece, ...]
    trace: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet with its count: `href` narrows the list to it, or widens it again when `on`."""

    text: str
    count: int
    href: str
    on: bool
    tone: str


@dataclass(frozen=True, slots=True)
class Rail:
    """A facet beside the list; `more` values are not shown."""

    title: str
    values: tuple[Value, ...]
    more: int


def marked(text: str, phrases: Sequence[Phrase]) -> tuple[Piece, ...]:
    """A text as stretches, those that say a phrase marked."""
    found, at = [], 0
    for begin, end in ranges(text, phrases):
        if begin > at:
            found.append(Piece(text[at:begin]))
        found.append(Piece(text[begin:end], True))
        at = end
    if at < len(text) or not found:
        found.append(Piece(text[at:]))
    return tuple(found)


def on_one_line(body: str, phrases: Sequence[Phrase], wrap: bool = False) -> tuple[Piece, ...]:
    """A body as a list shows it: its beginning, or from a little before the first thing that was found.

    With `wrap` its line ends stay.
    """
    text = body if wrap else " ".join(body.split())
    first = next((begin for begin, _ in ranges(text, phrases)), 0)
    begin = first - BEFORE if first > SHOWN - 2 * BEFORE else 0
    most = len(text) if wrap else SHOWN
    pieces = marked(text[begin : begin + most], phrases)
    ahead = (Piece("…"),) if begin else ()
    behind = (Piece("…"),) if begin + most < len(text) else ()
    return (*ahead, *pieces, *behind)


def row(
    line: LogLine, view: View, opened: str, phrases: Sequence[Phrase], wrap: bool, open_: Callable[[str], str]
) -> Row:
    """A line of the list; `open_` gives the address that opens a record."""
    key = str(line.key)
    said = line.severity_text if line.severity_text.lower() != line.severity else ""
    return Row(
        key=key,
        href=open_(key),
        time=line.key.time,
        severity=line.severity,
        severity_title=f"sent as {said}" if said else "",
        tone=TONES.get(line.severity, "muted"),
        service=line.service,
        event=line.event,
        pieces=on_one_line(line.body, phrases, wrap) if line.body else (),
        trace=trace_href(view, line),
        selected=key == opened,
    )


def trace_href(view: View, line: LogLine) -> str:
    """The page of the trace, at the span; empty where the record names none."""
    if not line.trace_id.strip("0"):
        return ""
    return view.link("traces", line.trace_id, span=line.span_id or None)


def histogram(counts: LogCounts, view: View, q: str) -> Chart:
    """How many records by severity over time, the severe ones at the bottom, each opening its list."""
    lines = []
    for name, values in reversed(list(zip(counts.severities, counts.counts, strict=True))):
        condition = spell(holds("severity", name))
        words = f"({q}) {condition}" if q else condition
        href = view.link("logs", q=words, range=RANGE)
        lines.append(Line(name or "not set", COLOURS[name], values, href))
    return chart(
        "log-counts",
        "Records",
        lines or [Line("", "c1", [0] * len(counts.starts))],
        counts.starts,
        counts.end,
        Unit.COUNT,
        kind="bars",
        height=64,
        zoom=view.link("logs", q=q or None, range=RANGE),
        until=view.until,
    )


def rails(
    facets: Facets, view: View, conditions: frozenset[str], others: Mapping[str, str]
) -> tuple[Rail, ...]:
    """The facets beside the list. `conditions` are those of the filter, `others` the filter without those on
    each field."""
    found = []
    for facet in facets.facets:
        if not facet.top or (len(facet.top) == 1 and not facet.top[0].text):
            continue
        values = []
        for value in facet.top:
            on = value.filter in conditions
            words = others[facet.name] if on else f"{others[facet.name]} {value.filter}".strip()
            values.append(
                Value(
                    value.text,
                    value.count,
                    view.link("logs", q=words or None),
                    on,
                    TONES.get(value.text, "muted") if facet.name == "severity" else "",
                )
            )
        found.append(Rail(_TITLES[facet.name], tuple(values), max(0, facet.values - len(facet.top))))
    return tuple(found)
