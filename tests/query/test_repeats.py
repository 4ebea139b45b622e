from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tree_reference import Node

from sightline.query.repeats import FROM, beside, density, repeats, spread
from sightline.query.tree import grow
from sightline.records.span_tree import SpanTree
from sightline.records.trace import SpanColumns


def grown(
    nodes: list[Node], names: list[str], failed: set[str] = frozenset(), cost: dict[str, float] | None = None
) -> tuple[SpanTree, SpanColumns]:
    tree = grow(
        [n.span_id for n in nodes],
        [n.parent_span_id for n in nodes],
        [n.start for n in nodes],
        [n.end for n in nodes],
    )
    ordered = [nodes[at] for at in tree.at]
    ids = [n.span_id for n in ordered]
    return tree, SpanColumns(
        ids=ids,
        rows={id_: row for row, id_ in enumerate(ids)},
        names=[names[at] for at in tree.at],
        kinds=["tool"] * len(nodes),
        failed=[id_ in failed for id_ in ids],
        starts=[n.start for n in ordered],
        ends=[n.end for n in ordered],
        first_token=[-1] * len(nodes),
        cost=[(cost or {}).get(id_, 0.0) for id_ in ids],
    )


def fan(count: int, took: int = 10) -> list[Node]:
    return [Node("root", "", 0, 10_000)] + [
        Node(f"{i:04}", "root", i, i + took + (900 if i == 7 else 0)) for i in range(count)
    ]


def test_from_twenty_like_siblings_on_they_are_a_group() -> None:
    few, many = fan(FROM - 1), fan(FROM)
    assert repeats(*grown(few, ["x"] * len(few))) == {}
    [group] = repeats(*grown(many, ["x"] * len(many)))[0]
    assert len(group.members) == FROM and group.id.startswith("root-")
    mixed = ["root"] + ["x" if i % 2 else "y" for i in range(30)]
    assert repeats(*grown(fan(30), mixed)) == {}


def test_the_slowest_the_failed_and_the_costliest_stand_beside() -> None:
    nodes = fan(40)
    failed = {f"{i:04}" for i in (3, 5, 9, 11)}
    tree, columns = grown(nodes, ["x"] * 41, failed, {"0020": 2.0, "0021": 1.0})
    [group] = repeats(tree, columns)[0]
    assert {columns.ids[row]: why for row, why in beside(tree, columns, group.members).items()} == {
        "0007": "slowest, 91.0 times the median",
        "0003": "failed",
        "0005": "failed",
        "0009": "failed",
        "0020": "costliest",
    }


def test_a_groups_id_stays_when_others_arrive() -> None:
    [before] = repeats(*grown(fan(20), ["x"] * 21))[0]
    earlier = [*fan(20), Node("late", "root", 0, 1)]
    [after] = repeats(*grown(earlier, ["x"] * 22))[0]
    assert before.id == after.id and len(after.members) == 21


def test_a_spread_counts_what_is_below() -> None:
    nodes = [*fan(20), Node("inner", "0003", 4, 5)]
    tree, columns = grown(nodes, ["x"] * 21 + ["y"], {"inner"}, {"inner": 0.5})
    [group] = repeats(tree, columns)[0]
    have = spread(tree, columns, group.members)
    assert (have.spans, have.failed, have.errors, have.cost) == (21, 0, 1, 0.5)
    assert (have.median, have.slowest, have.start, have.end) == (10, 910, 0, 917)
    # Each starts a moment after the one before and takes ten; the slow one runs beside them.
    assert have.at_once == 11


spans = st.lists(st.tuples(st.integers(0, 999), st.integers(1, 500)), max_size=30)


@given(spans, st.integers(1, 60))
def test_a_density_has_all_of_the_time_inside(given_: list[tuple[int, int]], bins: int) -> None:
    starts, ends = [s for s, _ in given_], [s + took for s, took in given_]
    found = density(starts, ends, 0, 1000, bins)
    inside = sum(min(end, 1000) - start for start, end in zip(starts, ends, strict=True))
    width = 1000 / bins
    # A span shorter than a fiftieth of a bin still shows.
    assert inside - 1e-6 <= sum(found) * width <= inside + 0.02 * width * len(given_) + 1e-6
    assert all(value >= -1e-9 for value in found)
