"""Derived values of span trees against a plain reading, span by span."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.digest.tree import APART, CALL, NONE, OWN, ROLLUP, SPAN, derive

Row = tuple[int, int, int, int, int, int, int, int, int, int, int, int]


@st.composite
def forests(draw: st.DrawFn) -> list[Row]:
    """Spans of a few traces with few ids, so that parents, copies and cycles are common."""
    count = draw(st.integers(0, 14))
    found = []
    for row in range(count):
        start = draw(st.integers(0, 40)) + draw(st.sampled_from([0, 0, 0, 10**7 - 5]))
        found.append(
            (
                row,
                draw(st.sampled_from([1, 2, 2**64 - 1])),
                draw(st.integers(0, 7)),
                draw(st.integers(0, 8)),
                start,
                draw(st.integers(start - 3, start + 30)),
                draw(st.integers(0, 1)),
                draw(st.sampled_from([0, CALL, CALL, APART])),
                draw(st.integers(0, 2)),
                draw(st.sampled_from([0, 7, 7, 8])),
                draw(st.sampled_from([0, 5, 5, 5, 6])),
                draw(st.integers(1, 3)),
            )
        )
    return draw(st.permutations(found))


def plainly(rows: list[Row]) -> list[dict[str, Any]]:
    """The same values, worked out one span at a time."""
    n = len(rows)
    rank = [(r[8], r[0]) for r in rows]
    dead = [
        any(rows[j][1:3] == rows[i][1:3] and rank[j] > rank[i] for j in range(n)) and rows[i][2] != 0
        for i in range(n)
    ]
    parent = [
        next(
            (
                j
                for j in range(n)
                if j != i and not dead[j] and rows[i][3] and rows[j][1:3] == (rows[i][1], rows[i][3])
            ),
            -1,
        )
        for i in range(n)
    ]
    twice = repeated_calls(rows, parent, dead)
    told = told_below(rows, parent, dead)
    twice |= repeated_beside(rows, parent, [d or i in twice for i, d in enumerate(dead)])
    result = []
    for i, row in enumerate(rows):
        seen, at, depth = {i}, parent[i], 0
        while at >= 0 and at not in seen:
            seen.add(at)
            depth, at = depth + 1, parent[at]
        below: list[int] = []
        front = [i]
        while front:
            front = [j for j in range(n) if parent[j] in front and j not in below]
            below += front
        covered: set[int] = set()
        for j in range(n):
            if parent[j] == i and not dead[j]:
                covered |= set(range(max(rows[j][4], row[4]), min(rows[j][5], row[5])))
        usage = bool(row[6])
        repeated = i in twice or (row[7] != CALL and any(rows[j][6] and not dead[j] for j in below))
        mine = [j for j in range(n) if rows[j][1] == row[1] and not dead[j]]
        result.append(
            {
                "parent": parent[i],
                "dead": dead[i],
                "depth": 0 if at >= 0 else depth,
                "own": max(row[5] - row[4], 0) - len(covered),
                "source": ROLLUP if i in told else (ROLLUP if repeated else OWN) if usage else NONE,
                "skew": max(rows[parent[i]][4] - row[4], 0) if parent[i] >= 0 else 0,
                "whole": sum(rows[j][3] == 0 for j in mine) == 1
                and not any(rows[j][3] and parent[j] < 0 for j in mine),
            }
        )
    return result


def depth_of(i: int, parent: list[int]) -> int:
    """Steps to the topmost span, 0 in and below a cycle."""
    seen, at, depth = {i}, parent[i], 0
    while at >= 0 and at not in seen:
        seen.add(at)
        depth, at = depth + 1, parent[at]
    return 0 if at >= 0 else depth


def repeated_calls(rows: list[Row], parent: list[int], dead: list[bool]) -> set[int]:
    """Model calls that tell of the same call as one up to four steps below them, with no other between."""
    figures = [r[9] if r[6] and r[7] == CALL and not dead[i] else 0 for i, r in enumerate(rows)]
    found = set()
    for i, mine in enumerate(figures):
        at = parent[i]
        for _ in range(4):
            if not mine or at < 0:
                break
            if figures[at]:
                if figures[at] == mine and depth_of(at, parent) < depth_of(i, parent):
                    found.add(at)
                break
            at = parent[at]
    return found


def told_below(rows: list[Row], parent: list[int], dead: list[bool]) -> set[int]:
    """Model calls without usage with one of the same model up to four steps below, none apart between."""
    found = set()
    for i, mine in enumerate(rows):
        at = parent[i] if mine[7] == CALL and mine[10] and not dead[i] else -1
        for _ in range(4):
            if at < 0:
                break
            if rows[at][7] == CALL and not dead[at]:
                deeper = depth_of(at, parent) < depth_of(i, parent)
                if not rows[at][6] and rows[at][10] == mine[10] and deeper:
                    found.add(at)
                break
            at = parent[at] if rows[at][7] != APART else -1
    return found


def repeated_beside(rows: list[Row], parent: list[int], out: list[bool]) -> set[int]:
    """Model calls during which one like them, under the same parent, begins by another maker."""

    def alike(one: int, then: int) -> bool:
        mine, other = rows[one], rows[then]
        later = (mine[4], mine[2], one) < (other[4], other[2], then)
        return later and mine[9:11] == other[9:11] and mine[11] != other[11] and other[4] <= mine[5] + 10**7

    calls = [
        i
        for i, row in enumerate(rows)
        if not out[i] and row[6] and row[7] == CALL and parent[i] >= 0 and row[9] and row[10]
    ]
    return {i for i in calls if any(parent[i] == parent[j] and alike(i, j) for j in calls)}


def as_array(rows: list[Row]) -> np.ndarray[Any, np.dtype[Any]]:
    return np.array(rows, dtype=SPAN) if rows else np.zeros(0, SPAN)


@settings(max_examples=400, deadline=None)
@given(forests())
def test_forests_are_derived_as_a_plain_reading_does(rows: list[Row]) -> None:
    tree = derive(as_array(rows))
    for i, want in enumerate(plainly(rows)):
        assert bool(tree.superseded[i]) == want["dead"], (i, rows)
        assert int(tree.parent[i]) == want["parent"], (i, rows)
        assert int(tree.depth[i]) == want["depth"], (i, rows)
        assert int(tree.skew[i]) == want["skew"], (i, rows)
        assert bool(tree.whole[i]) == want["whole"], (i, rows)
        if not want["dead"]:
            assert int(tree.own[i]) == want["own"], (i, rows)
            assert int(tree.source[i]) == want["source"], (i, rows)


def chain(count: int) -> np.ndarray[Any, np.dtype[Any]]:
    """Each span inside the one before."""
    rows = np.zeros(count, SPAN)
    rows["row"] = np.arange(count)
    rows["trace"] = 7
    rows["span"] = np.arange(1, count + 1)
    rows["parent"] = np.arange(count)
    rows["start"] = np.arange(count)
    rows["end"] = 10**9 - np.arange(count)
    return rows


def test_a_chain_of_thirty_thousand_spans() -> None:
    tree = derive(chain(30_000))
    assert tree.depth.tolist() == list(range(30_000))
    assert tree.own[:-1].tolist() == [2] * 29_999
    assert tree.whole.all()


def test_a_chain_deeper_than_the_column_holds() -> None:
    assert int(derive(chain(70_000)).depth.max()) == 65_535


def test_a_star_of_thirty_thousand_spans() -> None:
    rows = chain(30_000)
    rows["parent"][1:] = 1
    rows["start"][1:] = np.arange(1, 30_000) * 10
    rows["end"][1:] = rows["start"][1:] + 15
    rows["usage"], rows["role"][1:] = 1, 1
    tree = derive(rows)
    assert tree.depth[1:].tolist() == [1] * 29_999
    assert int(tree.own[0]) == 10**9 - (29_999 * 10 + 5)
    assert int(tree.source[0]) == ROLLUP
    assert (tree.source[1:] == OWN).all()


def test_a_cycle_of_thirty_thousand_spans_ends() -> None:
    rows = chain(30_000)
    rows["parent"][0] = 30_000
    rows["usage"] = 1
    assert derive(rows).depth.max() == 0


def test_extreme_times_do_not_overflow() -> None:
    rows = chain(3)
    rows["start"] = [0, 0, 5]
    rows["end"] = [2**63 - 1, 2**63 - 1, 2**63 - 1]
    tree = derive(rows)
    assert tree.own.tolist() == [0, 5, 2**63 - 6]


def beside(*calls: dict[str, Any]) -> list[int]:
    """Sources of calls of one model with the same tokens under one parent; each with its differences."""
    rows = np.zeros(len(calls) + 1, SPAN)
    rows["row"] = rows["span"] = np.arange(1, len(calls) + 2)
    rows["trace"], rows["end"] = 7, 10**12
    rows["parent"][1:], rows["usage"][1:], rows["role"][1:] = 1, 1, 1
    rows["figures"][1:], rows["called"][1:] = 5, 9
    for row, call in zip(rows[1:], calls, strict=True):
        row["start"], row["end"], row["maker"] = 0, 10**9, 1
        for name, value in call.items():
            row[name] = value
    found: list[int] = derive(rows).source[1:].tolist()
    return found


def test_a_stream_that_a_framework_hands_over_counts_once() -> None:
    # LlamaIndex by OpenInference, OpenAI by OpenTelemetry: 0.6 ms, then the client's span 0.1 ms later.
    framework = {"end": 600_000}
    assert beside(framework, {"maker": 2, "start": 700_000}) == [ROLLUP, OWN]
    assert beside({}, {"maker": 2, "start": 700_000}, {"maker": 3, "start": 800_000}) == [ROLLUP, ROLLUP, OWN]
    two_at_once = [framework, framework | {"start": 5}]
    clients = [{"maker": 2, "start": 700_000}, {"maker": 2, "start": 700_001}]
    assert beside(*two_at_once, *clients) == [ROLLUP, ROLLUP, OWN, OWN]


def test_calls_beside_each_other_that_are_two_count_twice() -> None:
    later = {"maker": 2, "start": 10**9 + 10_000_001, "end": 2 * 10**9}
    for other in ({"start": 5}, later, {"maker": 2, "figures": 6}, {"maker": 2, "called": 8}):
        assert beside({}, other) == [OWN, OWN], other
    assert beside({"called": 0}, {"maker": 2, "called": 0}) == [OWN, OWN]
