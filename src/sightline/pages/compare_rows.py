"""Two traces side by side as rows: figures, stages on one scale, spans in pairs, with differences. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sightline.pages import formats
from sightline.query.alignment import Pair
from sightline.query.opened_traces import Opened
from sightline.query.stages import Stage, stages
from sightline.records.trace import Trace

MOST_PAIRS = 500
# Less than this share, and less than a millisecond, is not told as slower or faster.
_NOTICED = 0.05
_COLOURS = {"decode": "llm", "between": "chain", "nothing": "hatch", "db": "http", "messaging": "http"}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure of both traces. `tone` is `err` when the right one is worse by much."""

    label: str
    left: str
    right: str
    difference: str
    tone: str


@dataclass(frozen=True, slots=True)
class StagePiece:
    """A stage in a bar, in percent of the longer of the two traces."""

    text: str
    colour: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage of both; lengths in ns, None where a trace has none of it."""

    text: str
    colour: str
    left: int | None
    right: int | None
    difference: str


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two spans, or two lots of like siblings. `state`: `added`, `removed`, `slower`, `faster` or `same`.

    Durations in ns, of many the sum; bars in percent of the longer trace. `turned`: a status that changed.
    """

    depth: int
    name: str
    kind: str
    state: str
    left: int | None
    right: int | None
    left_bar: float
    right_bar: float
    left_href: str
    right_href: str
    counts: str
    difference: str
    tokens: str
    cost: str
    turned: str


def figures(left: Trace, right: Trace) -> tuple[FigureRow, ...]:
    """The figures of both and how the right one differs."""
    ours, theirs = _first_token(left), _first_token(right)
    rows = [_times("Duration", left.duration_ns, right.duration_ns), _times("First token", ours, theirs)]
    rows += [
        _counts("Spans", len(left.spans), len(right.spans)),
        _counts("Failed spans", left.errors, right.errors, bad=True),
        _counts("Input tokens", left.tokens.input, right.tokens.input),
        _counts("Output tokens", left.tokens.output, right.tokens.output),
    ]
    a, b = left.cost_usd, right.cost_usd
    difference = "" if a is None or b is None else signed(b - a, formats.money)
    rows.append(FigureRow("Cost", _cost(left), _cost(right), difference + _share(a, b), ""))
    return tuple(rows)


def _cost(trace: Trace) -> str:
    if trace.cost_usd is None:
        return "unknown" if trace.unknown_cost else "–"
    return ("≥ " if trace.unknown_cost else "") + formats.money(trace.cost_usd)


def _first_token(trace: Trace) -> int | None:
    columns = trace.columns
    told = [row for row, first in enumerate(columns.first_token) if first >= 0]
    last = max(told, key=lambda row: columns.starts[row], default=None)
    return None if last is None else columns.starts[last] + columns.first_token[last] - trace.start_time


def _times(label: str, left: int | None, right: int | None) -> FigureRow:
    ours, theirs = ("–" if ns is None else str(formats.duration(ns)) for ns in (left, right))
    if left is None or right is None:
        return FigureRow(label, ours, theirs, "", "")
    worse = right > left * (1 + _NOTICED)
    said = signed(right - left, lambda ns: str(formats.duration(round(ns))))
    return FigureRow(label, ours, theirs, said + _share(left, right), "err" if worse else "")


def _counts(label: str, left: int | None, right: int | None, *, bad: bool = False) -> FigureRow:
    ours, theirs = ("unknown" if number is None else formats.count(number) for number in (left, right))
    if left is None or right is None:
        return FigureRow(label, ours, theirs, "", "")
    said = signed(right - left, lambda number: formats.count(round(number)))
    return FigureRow(label, ours, theirs, said + _share(left, right), "err" if bad and right > left else "")


def signed(difference: float, written: Callable[[float], str]) -> str:
    """`+ 1.20 s`, `− 3`, or that there is none."""
    if not difference:
        return "same"
    return f"{'+' if difference > 0 else '−'} {written(abs(difference))}"


def _share(left: float | None, right: float | None) -> str:
    if not left or right is None or left == right:
        return ""
    share = 100 * (right - left) / left
    return f" ({'+' if share > 0 else '−'}{abs(share):,.0f} %)"


def stage_rows(
    left: Opened, right: Opened
) -> tuple[tuple[StagePiece, ...], tuple[StagePiece, ...], tuple[StageRow, ...]]:
    """Both bars on the scale of the longer trace, and the stages of both."""
    ours, theirs = stages(left.path, left.trace.columns), stages(right.path, right.trace.columns)
    whole = max(left.trace.duration_ns, right.trace.duration_ns, 1)
    lengths = [{stage.key: stage for stage in side} for side in (ours, theirs)]
    rows = []
    for key in dict.fromkeys([stage.key for stage in (*ours, *theirs)]):
        a, b = lengths[0].get(key), lengths[1].get(key)
        some = a or b
        if some is None:
            continue
        change = (b.length if b else 0) - (a.length if a else 0)
        rows.append(
            StageRow(
                some.text,
                _COLOURS.get(key, key),
                a.length if a else None,
                b.length if b else None,
                signed(change, lambda ns: str(formats.duration(round(ns)))),
            )
        )
    return _bar(ours, whole), _bar(theirs, whole), tuple(rows)


def _bar(side: Sequence[Stage], whole: int) -> tuple[StagePiece, ...]:
    out, at = [], 0
    for stage in side:
        x, width = round(100 * at / whole, 3), round(100 * stage.length / whole, 3)
        out.append(StagePiece(stage.text, _COLOURS.get(stage.key, stage.key), x, width))
        at += stage.length
    return tuple(out)


class PairRows:
    """Draws pairs of two traces; `left_base` and `right_base` are the addresses of their pages."""

    def __init__(self, left: Trace, right: Trace, left_base: str, right_base: str) -> None:
        self.left, self.right = left, right
        self.bases = (left_base, right_base)
        self.longest = max(left.duration_ns, right.duration_ns, 1)

    def rows(self, pairs: Sequence[Pair]) -> tuple[PairRow, ...]:
        """The first of the pairs."""
        return tuple(map(self._row, pairs[:MOST_PAIRS]))

    def _row(self, pair: Pair) -> PairRow:
        ours, theirs = _took(self.left, pair.left), _took(self.right, pair.right)
        tokens = [_tokens(self.left, pair.left), _tokens(self.right, pair.right)]
        costs = [sum(t.columns.cost[r] for r in rows) for t, rows in self._sides(pair)]
        failed = [sum(t.columns.failed[r] for r in rows) for t, rows in self._sides(pair)]
        both = ours is not None and theirs is not None
        said = signed((theirs or 0) - (ours or 0), lambda ns: str(formats.duration(round(ns))))
        many = max(len(pair.left), len(pair.right)) > 1
        return PairRow(
            depth=min(pair.depth, 12),
            name=pair.name or "(no name)",
            kind=pair.kind,
            state=_state(ours, theirs),
            left=ours,
            right=theirs,
            left_bar=round(min(100.0, 100 * (ours or 0) / self.longest), 2),
            right_bar=round(min(100.0, 100 * (theirs or 0) / self.longest), 2),
            left_href=self._href(0, self.left, pair.left),
            right_href=self._href(1, self.right, pair.right),
            counts=f"× {len(pair.left):,} and × {len(pair.right):,}, summed" if many else "",
            difference=said if both else "",
            tokens=signed(tokens[1] - tokens[0], lambda n: formats.count(round(n)))
            if both and tokens[0] != tokens[1]
            else "",
            cost=signed(costs[1] - costs[0], formats.money) if both and costs[0] != costs[1] else "",
            turned=_turned(failed, many) if both and failed[0] != failed[1] else "",
        )

    def _sides(self, pair: Pair) -> tuple[tuple[Trace, tuple[int, ...]], tuple[Trace, tuple[int, ...]]]:
        return (self.left, pair.left), (self.right, pair.right)

    def _href(self, side: int, trace: Trace, rows: Sequence[int]) -> str:
        return f"{self.bases[side]}?span={trace.columns.ids[rows[0]]}" if rows else ""


def _turned(failed: Sequence[int], many: bool) -> str:
    if many:
        return f"{failed[0]:,} failed, then {failed[1]:,}"
    return "failed now" if failed[1] else "failed before"


def _took(trace: Trace, rows: Sequence[int]) -> int | None:
    if not rows:
        return None
    return sum(trace.columns.ends[row] - trace.columns.starts[row] for row in rows)


def _tokens(trace: Trace, rows: Sequence[int]) -> int:
    spans = [trace.spans[row] for row in rows[:1000]]
    return sum((span.tokens.input or 0) + (span.tokens.output or 0) for span in spans)


def _state(left: int | None, right: int | None) -> str:
    if left is None:
        return "added"
    if right is None:
        return "removed"
    change = right - left
    if abs(change) < 10**6 or abs(change) < _NOTICED * max(left, right):
        return "same"
    return "slower" if change > 0 else "faster"
