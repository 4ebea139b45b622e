"""What a span's neighbours say about it: parent, depth, own time, and whether its usage repeats that below
it.

Vectorised over all spans of a segment or of the traces being settled at once; the only loops run over the
depth of the deepest trace. Hostile ids (cycles, a span that is its own parent, duplicates) end in a defined
result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

# The columns a tree is made from, packed as `RowBinary` writes them. `trace` is a hash of project and trace
# id; ids are the 8 bytes read as an integer, 0 for none; times in ns; `usage`: tokens or cost were reported;
# `role`: of `CALL` and `APART`, else 0; `figures`: a hash of the tokens such a call reports, else 0;
# `called`: a hash of the model's name, else 0; `maker`: one of the instrumentation that made the span.
SPAN = np.dtype(
    [
        ("row", "<u8"),
        ("trace", "<u8"),
        ("span", "<u8"),
        ("parent", "<u8"),
        ("start", "<i8"),
        ("end", "<i8"),
        ("usage", "u1"),
        ("role", "u1"),
        ("version", "<u8"),
        ("figures", "<u8"),
        ("called", "<u8"),
        ("maker", "<u8"),
    ]
)

NONE, OWN, ROLLUP = 0, 1, 2
_NO_PARENT = np.int64(-1)
MAX_DEPTH = 65_535
# The span is itself a call of a model; or it is a tool or an agent, whose calls are calls of its own.
CALL, APART = 1, 2

# How far above a call another one may be that reports the same figures: a framework's span, a router's,
# a client's, and spans between them.
_NEAR = 4
# How long after a call's span another may begin that tells of the same call, ns: some frameworks' spans of a
# stream end when it is handed over, and the client's begins when it is read.
_HANDED_OVER = 10_000_000


@dataclass(frozen=True, slots=True)
class Tree:
    """Derived values by position in the input.

    `parent`: position of the parent, -1 when there is none here. `depth`: steps up to the topmost span that
    is known, 0 in a cycle. `own`: ns not covered by children (clipped to the span). `source`: `NONE`, `OWN`,
    `ROLLUP`. `superseded`: a later copy of the same span is present. `whole`: the trace has one root and no
    missing parent. `skew`: ns by which the span starts before its parent (positive) or 0; shown, never
    repaired.
    """

    parent: I64
    depth: I64
    own: I64
    source: NDArray[np.uint8]
    superseded: Bools
    whole: Bools
    skew: I64


def _mix(trace: U64, span: U64) -> U64:
    """One key for (trace, span); matches are verified, so a collision costs nothing but a lookup."""
    with np.errstate(over="ignore"):
        mixed = trace * np.uint64(0x9E3779B97F4A7C15) ^ span * np.uint64(0xC2B2AE3D27D4EB4F)
        mixed ^= mixed >> np.uint64(29)
    result: U64 = mixed
    return result


def _parents(trace: U64, span: U64, parent: U64, version: U64, row: U64) -> tuple[I64, Bools]:
    """Position of each span's parent, and which spans are superseded by a later copy of themselves."""
    n = len(trace)
    order = np.lexsort((row, version, span, trace))
    same = (trace[order][1:] == trace[order][:-1]) & (span[order][1:] == span[order][:-1])
    same &= span[order][1:] != 0  # a span without an id is a copy of none
    superseded = np.zeros(n, np.bool_)
    superseded[order[:-1][same]] = True
    keys = _mix(trace, span)
    alive = np.flatnonzero(~superseded)
    by_key = alive[np.argsort(keys[alive], kind="stable")]
    sorted_keys = keys[by_key]
    wanted = _mix(trace, parent)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), max(len(by_key) - 1, 0))
    found = by_key[at] if len(by_key) else np.zeros(n, np.int64)
    good = (parent != 0) & (trace[found] == trace) & (span[found] == parent) & (found != np.arange(n))
    return np.where(good, found, _NO_PARENT).astype(np.int64), superseded


def _depths(parent: I64) -> I64:
    """Steps to the topmost known ancestor by pointer doubling; members of cycles and what hangs on them get
    0."""
    up = parent.copy()
    depth = (up >= 0).astype(np.int64)
    for _ in range(max(len(parent), 1).bit_length() + 1):
        live = up >= 0
        if not live.any():
            return np.minimum(depth, MAX_DEPTH)
        target = up[live]
        depth[live] += depth[target]
        up[live] = up[target]
    depth[up >= 0] = 0
    return np.minimum(depth, MAX_DEPTH)


def _own_times(parent: I64, start: I64, end: I64, counted: Bools) -> I64:
    """Duration less the union of the children's intervals, each clipped to its parent."""
    duration: I64 = np.maximum(end - start, 0)
    child = np.flatnonzero((parent >= 0) & counted)
    if not len(child):
        return duration
    above = parent[child]
    first = np.maximum(start[child], start[above]) - start[above]
    last = np.minimum(end[child], end[above]) - start[above]
    keep = last > first
    above, first, last = above[keep], first[keep], last[keep]
    if not len(above):
        return duration
    order = np.lexsort((first, above))
    above, first, last = above[order], first[order], last[order]
    new_group = np.r_[True, above[1:] != above[:-1]]
    reach = _running_reach(np.cumsum(new_group) - 1, last)
    before = np.where(new_group, 0, np.r_[0, reach[:-1]])
    covered = np.zeros(len(parent), np.int64)
    np.add.at(covered, above, np.maximum(last - np.maximum(first, before), 0))
    own: I64 = duration - covered
    return own


def _running_reach(group: I64, last: I64) -> I64:
    """Running maximum of `last` within each group, in as many steps as 63 bits demand."""
    width = int(last.max()) + 1
    groups = max(1, (2**62) // width)
    result = np.empty_like(last)
    begin = 0
    while begin < len(last):
        stop = int(np.searchsorted(group, group[begin] + groups))
        base = (group[begin:stop] - group[begin]) * (width if groups > 1 else 0)
        result[begin:stop] = np.maximum.accumulate(base + last[begin:stop]) - base
        begin = stop
    return result


def _sources(parent: I64, usage: Bools, model: Bools) -> NDArray[np.uint8]:
    """A span that is no model call itself repeats what was reported anywhere below it."""
    above_usage = np.zeros(len(parent), np.bool_)
    front = np.unique(parent[usage & (parent >= 0)])
    while len(front):
        above_usage[front] = True
        front = np.unique(parent[front])
        front = front[(front >= 0)]
        front = front[~above_usage[front]]
    source = np.where(usage, OWN, NONE).astype(np.uint8)
    source[usage & ~model & above_usage] = ROLLUP
    return source


def _seen_twice(parent: I64, depth: I64, figures: U64) -> I64:
    """Model calls that repeat the one inside them: a framework and the provider's client, both instrumented,
    report the same call. The nearest call above with the same figures is the repetition."""
    inner = np.flatnonzero(figures)
    above = parent[inner]
    repeats: list[I64] = []
    for _ in range(_NEAR):
        inner, above = inner[above >= 0], above[above >= 0]
        called = figures[above] != 0
        same = (figures[above] == figures[inner]) & (depth[above] < depth[inner])
        repeats.append(above[same])
        inner, above = inner[~called], parent[above[~called]]
    return np.concatenate(repeats)


def _told_below(parent: I64, depth: I64, calls: Bools, apart: Bools, usage: Bools, called: U64) -> I64:
    """Model calls without usage around a call of the same model: a framework's span leaves it to the one
    inside, and is no call whose usage is unknown. What a tool or an agent inside calls is another call."""
    inner = np.flatnonzero(calls & (called != 0))
    above = parent[inner]
    repeats: list[I64] = []
    for _ in range(_NEAR):
        inner, above = inner[above >= 0], above[above >= 0]
        found = calls[above]
        same = found & ~usage[above] & (called[above] == called[inner]) & (depth[above] < depth[inner])
        repeats.append(above[same])
        further = ~found & ~apart[above]
        inner, above = inner[further], parent[above[further]]
    return np.concatenate(repeats)


def _seen_beside(spans: np.ndarray[Any, np.dtype[Any]], parent: I64, counts: Bools) -> I64:
    """Model calls that repeat the one that began while they ran (or at once after), under the same parent:
    where a framework's span is not current while its stream is read, the client's is beside it, not below.

    Only where the instrumentations differ and tokens and model are the same: two calls that an application
    makes at once are seen by one instrumentation, or answered with other numbers.
    """
    calls = np.flatnonzero(counts & (parent >= 0) & (spans["figures"] != 0) & (spans["called"] != 0))
    group = [spans["called"], spans["figures"], parent]
    order = calls[np.lexsort([key[calls] for key in (spans["span"], spans["start"], *group)])]
    if not len(order):
        return order
    maker, start = spans["maker"][order], spans["start"][order]
    new_group = np.zeros(len(order), np.bool_)
    for key in group:
        new_group[1:] |= key[order][1:] != key[order][:-1]
    runs = np.flatnonzero(new_group | np.r_[True, maker[1:] != maker[:-1]])
    # The next call by another instrumentation is where the next run of one begins, if it is in the group.
    following = np.r_[runs[1:], len(order)][np.searchsorted(runs, np.arange(len(order)), "right") - 1]
    at = np.minimum(following, len(order) - 1)
    place = np.cumsum(new_group)
    same = (following < len(order)) & (place[at] == place)
    repeats: I64 = order[same & (start[at] - _HANDED_OVER <= spans["end"][order])]
    return repeats


def _whole(trace: U64, parent_id: U64, parent: I64, alive: Bools) -> Bools:
    """By span: whether its trace has exactly one root and every parent is here."""
    _, index = np.unique(trace, return_inverse=True)
    size = int(index.max()) + 1 if len(index) else 0
    roots = np.bincount(index[alive & (parent_id == 0)], minlength=size)
    missing = np.bincount(index[alive & (parent_id != 0) & (parent < 0)], minlength=size)
    whole: Bools = ((roots == 1) & (missing == 0))[index]
    return whole


def ranks(spans: np.ndarray[Any, np.dtype[Any]]) -> U64:
    """The place of each span in the order in which a trace takes over what its spans say: roots first, then
    by start and by the bytes of the id (as `digest/settle.py` orders them)."""
    # An id was read as a little-endian number; its bytes in order are the big-endian one.
    order = np.lexsort((spans["span"].byteswap(), spans["start"], spans["parent"] != 0))
    placed = np.empty(len(spans), np.uint64)
    placed[order] = np.arange(len(spans), dtype=np.uint64)
    return placed


def derive(spans: np.ndarray[Any, np.dtype[Any]]) -> Tree:
    """Derive the tree values of `spans` (dtype `SPAN`); order and trace mixture do not matter."""
    trace, span, parent_id = spans["trace"], spans["span"], spans["parent"]
    start, end = spans["start"], spans["end"]
    usage, model, apart = spans["usage"] != 0, spans["role"] == CALL, spans["role"] == APART
    parent, superseded = _parents(trace, span, parent_id, spans["version"], spans["row"])
    alive = ~superseded
    lead = np.where(parent >= 0, start[parent] - start, 0)
    depth = _depths(parent)
    source = _sources(parent, usage & alive, model)
    source[_seen_twice(parent, depth, np.where(usage & alive & model, spans["figures"], 0))] = ROLLUP
    source[_told_below(parent, depth, alive & model, apart, usage, spans["called"])] = ROLLUP
    source[_seen_beside(spans, parent, alive & model & (source == OWN))] = ROLLUP
    return Tree(
        parent=parent,
        depth=depth,
        own=_own_times(parent, start, end, alive),
        source=source,
        superseded=superseded,
        whole=_whole(trace, parent_id, parent, alive),
        skew=np.maximum(lead, 0),
    )
