from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tree_reference import Node, Place
from tree_reference import places as plainly

from sightline.query.tree import grow
from sightline.records.span_tree import Position


def node(span: str, parent: str = "", start: int = 0, end: int = 10) -> Node:
    return Node(span, parent, start, end)


def places(nodes: list[Node]) -> list[Place]:
    tree = grow(*(list(column) for column in zip(*nodes, strict=True))) if nodes else grow([], [], [], [])
    return [
        Place(
            at, tree.depth[row], tree.position(row), tree.children[row], tree.own_ns[row], tree.skew_ns[row]
        )
        for row, at in enumerate(tree.at)
    ]


def shape(nodes: list[Node]) -> list[tuple[str, int, str]]:
    return [(nodes[p.at].span_id, p.depth, p.position.value) for p in places(nodes)]


def test_depth_first_with_siblings_by_start() -> None:
    nodes = [node("late", "root", 5), node("leaf", "early", 3), node("root"), node("early", "root", 1)]
    assert shape(nodes) == [
        ("root", 0, "root"), ("early", 1, "child"), ("leaf", 2, "child"), ("late", 1, "child"),
    ]  # fmt: skip


def test_several_roots_then_spans_without_their_parent() -> None:
    nodes = [node("orphan", "gone", 0), node("b", start=4), node("a", start=1), node("below", "orphan", 2)]
    assert shape(nodes) == [
        ("a", 0, "root"), ("b", 0, "root"), ("orphan", 0, "parent missing"), ("below", 1, "child"),
    ]  # fmt: skip


def test_a_circle_is_cut_at_its_earliest_span() -> None:
    nodes = [node("c", "b", 3), node("a", "c", 1), node("b", "a", 2), node("tail", "c", 9)]
    assert shape(nodes) == [("a", 0, "cycle"), ("b", 1, "child"), ("c", 2, "child"), ("tail", 3, "child")]
    assert shape([node("self", "self")]) == [("self", 0, "cycle")]


def test_own_time_is_what_no_child_covers() -> None:
    nodes = [node("p", "", 0, 100), node("x", "p", 10, 40), node("y", "p", 30, 60), node("z", "p", 90, 150)]
    assert [p.own_ns for p in places(nodes)] == [40, 30, 30, 60]


def test_an_earlier_child_is_skewed_and_stays_where_it_is() -> None:
    nodes = [node("p", "", 100, 200), node("x", "p", 88, 120)]
    assert [p.skew_ns for p in places(nodes)] == [0, 12]


def test_thirty_thousand_in_a_chain_and_beside_each_other() -> None:
    chain = [node(str(i), str(i - 1) if i else "", i, 30_000) for i in range(30_000)]
    assert places(chain)[-1].depth == 29_999
    fan = [node("root", end=30_000)] + [node(f"c{i}", "root", i, i + 1) for i in range(29_999)]
    assert places(fan)[0].children == 29_999


ids = st.sampled_from(["a", "b", "c", "d", "e", "f"])


@given(
    st.lists(st.builds(Node, ids, ids | st.just(""), st.integers(0, 50), st.integers(0, 100)), max_size=30)
)
def test_every_span_stands_once_whatever_the_ids(nodes: list[Node]) -> None:
    found = places(nodes)
    assert found == plainly(nodes)
    assert sorted(p.at for p in found) == list(range(len(nodes)))
    depth = -1
    for place in found:
        assert place.depth <= depth + 1
        assert (place.depth == 0) == (place.position is not Position.CHILD)
        assert place.own_ns >= 0 and place.skew_ns >= 0
        depth = place.depth
    assert sum(p.children for p in found) == sum(p.depth > 0 for p in found)


@given(
    st.lists(st.builds(Node, ids, ids | st.just(""), st.integers(0, 50), st.integers(0, 100)), max_size=30)
)
def test_rows_know_what_is_above_and_below(nodes: list[Node]) -> None:
    tree = grow([n.span_id for n in nodes], [n.parent_span_id for n in nodes], [n.start for n in nodes],
                [n.end for n in nodes])  # fmt: skip
    assert sorted(tree.below(-1)) == [row for row in range(len(tree)) if tree.parent[row] < 0]
    for row in range(len(tree)):
        assert tree.below(row) == [other for other in range(len(tree)) if tree.parent[other] == row]
        assert len(tree.above(row)) == tree.depth[row]
        inside = [other for other in range(len(tree)) if row in tree.above(other)]
        assert inside == list(range(row + 1, tree.last[row]))
