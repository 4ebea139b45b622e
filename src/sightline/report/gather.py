"""Adds calls up: columns of numbers while reading, figures at the end.

About 200 bytes a span, whatever it holds; texts are kept once each, excerpts for the slowest and dearest.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from sightline.report.call import Call
from sightline.report.figures import (
    Answers,
    Bucket,
    Group,
    Line,
    Reading,
    Report,
    Spread,
    Sums,
    bars,
    column,
    spread,
    step_for,
)

_FAILED, _MODEL, _REQUEST, _USAGE, _ASKED = 1, 2, 4, 8, 16
_GROUPS = 20
_KEPT = 8  # times as many candidates as are shown, since copies and repeated usage fall away at the end


_LARGEST = 1e18
"""A figure beyond it is a mistake (in ns, 31 years) and unknown; sums would overflow."""


class Words:
    """Texts by number, each kept once; 0 is none."""

    def __init__(self, most: int = 1_000_000) -> None:
        self.texts: list[str] = [""]
        self._numbers = {"": 0}
        self._most = most

    def number(self, text: str | None) -> int:
        """The number of a text. Beyond the bound all further ones share the number of `(others)`."""
        if not text:
            return 0
        found = self._numbers.get(text)
        if found is None:
            if len(self.texts) >= self._most:
                return self.number("(others)") if "(others)" in self._numbers else self._add("(others)")
            found = self._add(text)
        return found

    def _add(self, text: str) -> int:
        self._numbers[text] = len(self.texts)
        self.texts.append(text)
        return len(self.texts) - 1


@dataclass(slots=True)
class Columns:
    """One place for each span or record."""

    time: array[int] = field(default_factory=lambda: array("q"))
    key: array[int] = field(default_factory=lambda: array("Q"))
    parent: array[int] = field(default_factory=lambda: array("Q"))
    trace: array[int] = field(default_factory=lambda: array("q"))
    flags: array[int] = field(default_factory=lambda: array("B"))
    model: array[int] = field(default_factory=lambda: array("l"))
    user: array[int] = field(default_factory=lambda: array("l"))
    feature: array[int] = field(default_factory=lambda: array("l"))
    error: array[int] = field(default_factory=lambda: array("l"))
    weight: array[float] = field(default_factory=column)
    duration: array[float] = field(default_factory=column)
    ttft: array[float] = field(default_factory=column)
    input: array[float] = field(default_factory=column)
    output: array[float] = field(default_factory=column)
    cache: array[float] = field(default_factory=column)
    cost: array[float] = field(default_factory=column)
    answer: array[float] = field(default_factory=column)


class Gatherer:
    """Takes calls one by one, then tells the report. `top`: how many slowest and dearest calls."""

    def __init__(self, top: int = 10) -> None:
        self._top = top
        self._columns = Columns()
        self._words = Words()
        self._slow: list[tuple[float, int, Call]] = []
        self._dear: list[tuple[float, int, Call]] = []
        self._sampled = False

    def add(self, call: Call) -> None:
        """Take a call."""
        c, number = self._columns, self._words.number
        row = len(c.time)
        c.time.append(call.time or 0)
        c.key.append(call.key)
        c.parent.append(call.parent)
        c.trace.append(hash(call.trace) if call.trace else 0)
        c.flags.append(
            (_FAILED if call.error else 0)
            | (_MODEL if call.is_model else 0)
            | (_USAGE if call.has_usage else 0)
        )
        c.model.append(number(call.model))
        c.user.append(number(call.user))
        c.feature.append(number(call.feature))
        c.error.append(number(call.error))
        c.weight.append(call.weight)
        self._sampled = self._sampled or call.weight != 1.0
        for into, value in (
            (c.duration, call.duration),
            (c.ttft, call.ttft),
            (c.input, call.input),
            (c.output, call.output),
            (c.cache, call.cache_read),
            (c.cost, call.cost),
            (c.answer, call.answer),
        ):
            into.append(value if value is not None and -_LARGEST < value < _LARGEST else math.nan)
        if call.is_model or not call.parent:
            self._keep(self._slow, None if math.isnan(c.duration[-1]) else call.duration, row, call)
            self._keep(self._dear, None if math.isnan(c.cost[-1]) else call.cost, row, call)

    def _keep(self, heap: list[tuple[float, int, Call]], value: float | None, row: int, call: Call) -> None:
        if value is None or self._top <= 0:
            return
        if len(heap) < self._top * _KEPT:
            heapq.heappush(heap, (value, row, call))
        elif value > heap[0][0]:
            heapq.heapreplace(heap, (value, row, call))

    def report(self, reading: Reading, prices: str | None = None) -> Report:
        """The figures of all calls taken."""
        c = self._columns
        alive, copies = self._alive()
        rolled = self._rollups(alive)
        self._inherit(alive)
        index = {c.key[i] for i in alive if c.key[i]}
        requests = [i for i in alive if not c.parent[i] or c.parent[i] not in index]
        own = [i for i in alive if c.flags[i] & _USAGE and i not in rolled]
        calls = [i for i in alive if c.flags[i] & _MODEL]
        counted = sorted({*calls, *own})
        times = [c.time[i] for i in requests if c.time[i]]
        low, high = (min(times), max(times)) if times else (None, None)
        step = step_for((high - low) / 1e9) if low is not None and high is not None else 0
        shown = calls or requests
        return Report(
            reading=replace(reading, copies=copies),
            since=low,
            until=high,
            sampled=self._sampled,
            prices=prices,
            requests=self._sums(requests, own),
            calls=self._sums(calls, own),
            errors=self._errors(shown if any(c.flags[i] & _FAILED for i in shown) else requests),
            models=self._groups(counted, c.model, set(own)),
            users=self._groups(counted, c.user, set(own)),
            features=self._groups(counted, c.feature, set(own)),
            answers=self._answers(calls),
            slowest=self._lines(self._slow, shown),
            dearest=self._lines(self._dear, own),
            step=step,
            over_time=self._over_time(requests, own, step),
            latencies=bars(*self._values(c.duration, shown)),
        )

    # -- which rows count ----------------------------------------------------------------------------------

    def _alive(self) -> tuple[list[int], int]:
        """Rows without those that a later copy of the same span replaces."""
        c = self._columns
        last: dict[int, int] = {}
        for row, key in enumerate(c.key):
            if key:
                last[key] = row
        alive = [row for row, key in enumerate(c.key) if not key or last[key] == row]
        return alive, len(c.key) - len(alive)

    def _rollups(self, alive: list[int]) -> set[int]:
        """Rows that are no call of a model and repeat usage that was reported below them."""
        c = self._columns
        suspects = {i for i in alive if c.flags[i] & _USAGE and not c.flags[i] & _MODEL}
        if not suspects:
            return set()
        traces = {c.trace[i] for i in suspects}
        rows = [i for i in alive if c.trace[i] in traces]
        at = {c.key[i]: i for i in rows if c.key[i]}
        above: set[int] = set()
        for row in rows:
            if not c.flags[row] & _USAGE:
                continue
            up = at.get(c.parent[row]) if c.parent[row] else None
            while up is not None and up not in above and up != row:
                above.add(up)
                up = at.get(c.parent[up]) if c.parent[up] else None
        return suspects & above

    def _inherit(self, alive: list[int]) -> None:
        """User and feature count for the whole trace: the root's, else the earliest span's that has them."""
        c = self._columns
        for names in (c.user, c.feature):
            best: dict[int, tuple[bool, int, int]] = {}
            lacking = [i for i in alive if not names[i] and c.trace[i]]
            if not lacking:
                continue
            for i in alive:
                if names[i] and c.trace[i]:
                    found = (bool(c.parent[i]), c.time[i], names[i])
                    best[c.trace[i]] = min(best.get(c.trace[i], found), found)
            for i in lacking:
                if c.trace[i] in best:
                    names[i] = best[c.trace[i]][2]

    # -- what they come to ---------------------------------------------------------------------------------

    def _values(self, of: array[float], rows: Iterable[int]) -> tuple[list[float], list[float]]:
        weight = self._columns.weight
        chosen = [i for i in rows if of[i] == of[i]]
        return [of[i] for i in chosen], [weight[i] for i in chosen]

    def _spread(self, of: array[float], rows: Iterable[int]) -> Spread | None:
        return spread(*self._values(of, rows))

    def _sum(self, of: array[float], rows: Iterable[int]) -> float | None:
        values, weights = self._values(of, rows)
        return math.fsum(v * w for v, w in zip(values, weights, strict=True)) if values else None

    def _sums(self, rows: list[int], own: Iterable[int]) -> Sums:
        c = self._columns
        own = list(own)
        calls = {*own, *(i for i in rows if c.flags[i] & _MODEL)}
        return Sums(
            count=self._count(rows, lambda i: True),
            errors=self._count(rows, lambda i: bool(c.flags[i] & _FAILED)),
            latency=self._spread(c.duration, rows),
            ttft=self._spread(c.ttft, rows),
            input=self._sum(c.input, own),
            output=self._sum(c.output, own),
            cache_read=self._sum(c.cache, own),
            cost=self._sum(c.cost, own),
            unknown_tokens=self._count(
                calls, lambda i: c.input[i] != c.input[i] or c.output[i] != c.output[i]
            ),
            unknown_cost=self._count(calls, lambda i: c.cost[i] != c.cost[i]),
        )

    def _count(self, rows: Iterable[int], wanted: Callable[[int], bool]) -> float:
        return math.fsum(self._columns.weight[i] for i in rows if wanted(i))

    def _errors(self, rows: list[int]) -> tuple[tuple[str, float], ...]:
        c, found = self._columns, dict[int, float]()
        for i in rows:
            if c.flags[i] & _FAILED:
                found[c.error[i]] = found.get(c.error[i], 0.0) + c.weight[i]
        ordered = sorted(found.items(), key=lambda pair: (-pair[1], self._words.texts[pair[0]]))
        return tuple((self._words.texts[number] or "error", count) for number, count in ordered)

    def _groups(self, rows: list[int], by: array[int], own: set[int]) -> tuple[Group, ...]:
        members: dict[int, list[int]] = {}
        for i in rows:
            members.setdefault(by[i], []).append(i)
        if set(members) <= {0}:
            return ()
        model = self._columns.flags

        def made(name: str, chosen: list[int]) -> Group:
            calls = [i for i in chosen if model[i] & _MODEL] or chosen
            return Group(name, self._sums(calls, [i for i in chosen if i in own]))

        weigh = self._columns.weight
        # The dearest groups first, then the largest; the rest together.
        cost = {
            n: self._sum(self._columns.cost, [i for i in m if i in own]) or 0.0 for n, m in members.items()
        }
        ordered = sorted(members, key=lambda n: (-cost[n], -math.fsum(weigh[i] for i in members[n]), n))
        groups = [made(self._words.texts[n], members[n]) for n in ordered[:_GROUPS]]
        if rest := [i for n in ordered[_GROUPS:] for i in members[n]]:
            groups.append(made(f"({len(ordered) - _GROUPS:,} others)", rest))
        return tuple(groups)

    def _answers(self, rows: list[int]) -> Answers:
        answer = self._columns.answer
        seen = [i for i in rows if answer[i] == answer[i]]
        return Answers(
            seen=self._count(seen, lambda i: True),
            empty=self._count(seen, lambda i: answer[i] == 0),
            unseen=self._count(rows, lambda i: answer[i] != answer[i]),
            length=self._spread(answer, seen),
        )

    def _lines(self, heap: list[tuple[float, int, Call]], rows: Iterable[int]) -> tuple[Line, ...]:
        allowed, texts, c = set(rows), self._words.texts, self._columns
        chosen = [(row, call) for _, row, call in sorted(heap, key=lambda h: (-h[0], h[1])) if row in allowed]
        return tuple(
            Line(
                call.time,
                call.duration,
                call.cost,
                call.model or "",
                texts[c.user[row]],
                call.name,
                call.error,
                call.trace,
                call.span,
                call.excerpt,
            )
            for row, call in chosen[: self._top]
        )

    def _over_time(self, requests: list[int], own: list[int], step: int) -> tuple[Bucket, ...]:
        if not step:
            return ()
        c, width = self._columns, step * 10**9
        places: dict[int, tuple[list[int], list[int]]] = {}
        for at, rows in enumerate((requests, own)):
            for i in rows:
                if c.time[i]:
                    places.setdefault(c.time[i] // width, ([], []))[at].append(i)
        found = []
        for place in range(min(places), max(places) + 1):
            here, paid = places.get(place, ([], []))
            latency = self._spread(c.duration, here)
            tokens = [self._sum(of, paid) for of in (c.input, c.output)]
            found.append(
                Bucket(
                    place * width,
                    self._count(here, lambda i: True),
                    self._count(here, lambda i: bool(c.flags[i] & _FAILED)),
                    latency.p50 if latency else None,
                    latency.p95 if latency else None,
                    math.fsum(t for t in tokens if t is not None)
                    if any(t is not None for t in tokens)
                    else None,
                    self._sum(c.cost, paid),
                )
            )
        return tuple(found)
