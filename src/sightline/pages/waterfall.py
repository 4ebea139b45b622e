"""Lines of a trace as rows of shapes: pure, a window of rows at a time.

Sizes that depend on data are attributes of vector shapes, percentages of what is shown, so that a strict
content security policy holds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sightline.pages import formats
from sightline.pages.pathline import PathOnLines
from sightline.pages.scale import Scale, Shape, merged, strip
from sightline.pages.trace_address import Asked
from sightline.pages.trace_lines import Line, Lines, Shows
from sightline.query.repeats import Repeats, Spread, density, spread
from sightline.records.span_tree import SpanTree
from sightline.records.trace import Span, SpanColumns, Trace

WINDOW = 40
"""Rows of one piece; a page has two, and scripts fetch the others as they come near."""
_MAX_INDENT = 12
_HERE = "_this_row_"
_BINS = 90
_MOST_PIECES, _MOST_CHILDREN = 40, 400


@dataclass(frozen=True, slots=True)
class SpanRow:
    """A line of tree and waterfall. `guides`: per level of depth, whether a line passes through.

    `expanded` is None where nothing is below; `fold` leads to the other state. `count` are the members of a
    group, `own` what stands beside the duration. `path` are the stretches on the critical path.
    """

    shows: str
    span_id: str
    href: str
    fold: str
    expanded: bool | None
    name: str
    kind: str
    detail: str
    count: int
    level: int
    guides: tuple[str, ...]
    deeper: int
    error: str
    duration_ns: int
    own: str
    shapes: tuple[Shape, ...]
    path: tuple[Shape, ...]
    label: str
    label_x: float
    label_side: str
    label_bad: bool
    selected: bool
    found: bool


class Rows:
    """Draws lines of one trace as the address asks for them."""

    def __init__(
        self,
        trace: Trace,
        found: Lines,
        asked: Asked,
        scale: Scale,
        path: PathOnLines,
        hits: Collection[str] = (),
        chosen: int = -1,
    ) -> None:
        self.trace, self.found, self.asked, self.scale = trace, found, asked, scale
        self.path, self.hits, self.chosen = path, hits, chosen
        # One address for all rows, in which the id of each is put. In values an = is never bare.
        self._before, _, self._after = asked.to(_HERE).partition(f"span={_HERE}")

    def window(self, first: int, last: int) -> tuple[SpanRow, ...]:
        """The rows of lines `first` up to, without, `last`."""
        return tuple(self._row(place) for place in range(first, min(last, len(self.found))))

    def _row(self, place: int) -> SpanRow:
        line = self.found.lines[place]
        if line.shows is Shows.HEADING:
            return _heading(line)
        if line.group is not None:
            return self._group(place, line, line.group)
        return self._span(place, line)

    def _span(self, place: int, line: Line) -> SpanRow:
        span = self.trace.spans[line.row]
        above = self.trace.tree.parent[line.row]
        elsewhere = span.service if above < 0 or self.trace.spans[above].service != span.service else ""
        shapes = self._shapes(line, span)
        label = _note(span)
        if not shapes:
            label = ""
        x, side = self.scale.beside(span.start_time, span.end_time) if label else (0.0, "after")
        marks = self.found.guides(place, _MAX_INDENT)
        detail = span.model or (span.tool_name if span.tool_name != span.name else "") or elsewhere
        return SpanRow(
            shows=Shows.SPAN,
            span_id=span.span_id,
            href=self._to(span.span_id),
            fold=self._fold(line, span.span_id),
            expanded=line.expanded,
            name=span.name or "(no name)",
            kind=span.kind,
            detail=" · ".join(filter(None, (line.why, detail))),
            count=0,
            level=line.depth + 1,
            guides=marks,
            deeper=max(0, line.depth - _MAX_INDENT),
            error=(span.status_message or "failed")[:300] if span.status == "error" else "",
            duration_ns=span.duration_ns,
            own=str(formats.duration(span.own_ns)) if span.children else "",
            shapes=shapes,
            path=self.path.shapes(place, line, self.scale),
            label=label,
            label_x=x,
            label_side=side,
            label_bad=False,
            selected=line.row == self.chosen,
            found=span.span_id in self.hits,
        )

    def _to(self, id_: str) -> str:
        return f"{self._before}span={quote(id_, safe='')}{self._after}"

    def _fold(self, line: Line, span_id: str) -> str:
        if line.expanded is None:
            return ""
        # What was chosen inside goes out of sight, so the row itself is chosen.
        inside = line.row < self.chosen < self.trace.tree.last[line.row]
        return self.asked.toggled(span_id, line.expanded, span_id if inside else "")

    def _shapes(self, line: Line, span: Span) -> tuple[Shape, ...]:
        """Solid is own work, pale a span while its children work; a model call splits at its first token."""
        scale, first = self.scale, span.time_to_first_token_ns
        if span.kind == "llm" and first is not None and 0 < first < span.duration_ns:
            split = span.start_time + first
            return scale.shapes(span.start_time, split, "prefill") + scale.shapes(split, span.end_time, "llm")
        if not span.children:
            quiet = "" if self.path.on(line.row) else "off"
            return scale.shapes(span.start_time, span.end_time, span.kind, quiet)
        shapes = scale.shapes(span.start_time, span.end_time, span.kind, "pale")
        if span.children <= _MOST_CHILDREN:
            pieces = own_stretches(self.trace.tree, self.trace.columns, line.row)
            for begin, end in merged(pieces, scale.length // 400)[:_MOST_PIECES]:
                shapes += scale.shapes(begin, end, span.kind)
        return shapes

    def _group(self, place: int, line: Line, group: Repeats) -> SpanRow:
        columns = self.trace.columns
        members = line.members
        have = spread(self.trace.tree, columns, members)
        rest = line.shows is Shows.REST
        label, bad = group_note(have)
        drawn = self._strip(members, have, group.kind)
        if not drawn:
            label = ""
        x, side = self.scale.beside(have.start, have.end)
        told = label if side == "inside" else ""
        opened = group.id in self.asked.open
        if rest:
            fold = self.asked.toggled(group.id, False)
        elif opened:
            fold = self.asked.toggled(group.id, True)
        else:
            inside = any(row <= self.chosen < self.trace.tree.last[row] for row in members)
            above = columns.ids[group.parent] if group.parent >= 0 else ""
            fold = self.asked.toggled(group.id, bool(line.expanded), above if inside else "")
        figures = f"p50 {formats.duration(have.median)}, p95 {formats.duration(have.p95)}"
        wide = f"{have.at_once} at a time" if have.at_once > 1 else ""
        return SpanRow(
            shows=line.shows,
            span_id=group.id,
            href=fold if rest else self._to(group.id),
            fold=fold,
            expanded=line.expanded,
            name=f"{len(members):,} more" if rest else group.name or "(no name)",
            kind=group.kind,
            detail=", ".join(filter(None, (told, "" if rest else wide, figures))),
            count=len(members),
            level=line.depth + 1,
            guides=self.found.guides(place, _MAX_INDENT),
            deeper=max(0, line.depth - _MAX_INDENT),
            error="",
            duration_ns=have.end - have.start,
            own=formats.count(have.spans),
            shapes=drawn,
            path=self.path.shapes(place, line, self.scale),
            # Over a strip of many colours nothing can be read.
            label="" if told else label,
            label_x=x,
            label_side=side,
            label_bad=bad,
            selected=not rest and self.asked.span == group.id,
            found=not self.hits_outside(members),
        )

    def hits_outside(self, members: Sequence[int]) -> bool:
        """Whether nothing that was looked for is among members or below them."""
        if not self.hits:
            return True
        ids, last = self.trace.columns.ids, self.trace.tree.last
        return not any(ids[inner] in self.hits for row in members for inner in range(row, last[row]))

    def _strip(self, members: Sequence[int], have: Spread, kind: str) -> tuple[Shape, ...]:
        columns, scale = self.trace.columns, self.scale
        begin, end = max(have.start, scale.start), min(have.end, scale.end)
        if end <= begin:
            return ()
        starts = [columns.starts[row] for row in members]
        ends = [columns.ends[row] for row in members]
        bins = max(1, min(_BINS, round(_BINS * (end - begin) / scale.length)))
        shapes = strip(density(starts, ends, begin, end, bins), begin, end, kind, scale)
        failed = [columns.starts[row] for row in members if columns.failed[row]]
        return shapes + tuple(s for at in failed[:60] for s in scale.shapes(at, at, "err"))


def _note(span: Span) -> str:
    """What a bar is annotated with, only where it decides something."""
    if span.skew_ns:
        return f"starts {formats.duration(span.skew_ns)} before its parent"
    if span.time_to_first_token_ns is not None:
        return f"first token {formats.duration(span.time_to_first_token_ns)}"
    return ""


def group_note(have: Spread) -> tuple[str, bool]:
    """What a group's bar is annotated with, and whether it is bad news."""
    if have.failed:
        return f"{have.failed:,} failed", True
    if have.errors:
        return f"{have.errors:,} {'error' if have.errors == 1 else 'errors'} inside", True
    return "", False


def own_stretches(tree: SpanTree, columns: SpanColumns, row: int) -> list[tuple[int, int]]:
    """When a span worked itself: the stretches that none of its children covers."""
    at, end = columns.starts[row], columns.ends[row]
    found = []
    for child in tree.below(row):
        begin, until = max(columns.starts[child], at), min(columns.ends[child], end)
        if until <= begin and columns.ends[child] <= at:
            continue
        if begin > at:
            found.append((at, min(begin, end)))
        at = max(at, until)
    if at < end:
        found.append((at, end))
    return found


def _heading(line: Line) -> SpanRow:
    return SpanRow(
        Shows.HEADING, "", "", "", None, line.why, "", "", 0, 1, (), 0, "", 0, "", (), (), "", 0.0, "after",
        False, False, False,
    )  # fmt: skip
