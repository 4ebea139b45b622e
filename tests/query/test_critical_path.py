from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tree_reference import Node

from sightline.query.critical_path import NOBODY, critical_path
from sightline.query.tree import grow
from sightline.records.span_tree import SpanTree

MS = 10**6


def path(*nodes: tuple[str, str, int, int]) -> list[tuple[str, int, int]]:
    """The parts of a path in milliseconds, by id; '-' where nobody ran."""
    tree, starts, ends = grown([Node(i, p, s * MS, e * MS) for i, p, s, e in nodes])
    names = [nodes[at][0] for at in tree.at]
    return [
        ("-" if part.row == NOBODY else names[part.row], part.start // MS, part.end // MS)
        for part in critical_path(tree, starts, ends)
    ]


def grown(nodes: list[Node]) -> tuple[SpanTree, list[int], list[int]]:
    tree = grow([n.span_id for n in nodes], [n.parent_span_id for n in nodes], [n.start for n in nodes],
                [n.end for n in nodes])  # fmt: skip
    return tree, [nodes[at].start for at in tree.at], [nodes[at].end for at in tree.at]


def test_children_in_turn_and_the_time_between_them() -> None:
    found = path(("root", "", 0, 100), ("a", "root", 10, 40), ("b", "root", 50, 90))
    assert found == [
        ("root", 0, 10), ("a", 10, 40), ("root", 40, 50), ("b", 50, 90), ("root", 90, 100),
    ]  # fmt: skip


def test_of_parallel_children_the_last_to_end_is_waited_for() -> None:
    found = path(("root", "", 0, 100), ("quick", "root", 12, 40), ("slow", "root", 10, 95))
    assert found == [("root", 0, 10), ("slow", 10, 95), ("root", 95, 100)]


def test_what_ran_into_the_next_one_was_not_waited_for() -> None:
    assert path(("root", "", 0, 100), ("a", "root", 0, 60), ("b", "root", 30, 100)) == [
        ("root", 0, 30), ("b", 30, 100),
    ]  # fmt: skip
    # A millisecond is a hand-over, not work side by side.
    assert path(("root", "", 0, 100), ("a", "root", 0, 31), ("b", "root", 30, 100)) == [
        ("a", 0, 30), ("b", 30, 100),
    ]  # fmt: skip


def test_a_child_that_outlives_its_parent_is_waited_for_to_its_end() -> None:
    found = path(("root", "", 0, 50), ("async", "root", 20, 200))
    assert found == [("root", 0, 20), ("async", 20, 200)]
    found = path(("root", "", 0, 50), ("early", "root", 20, 80), ("late", "root", 120, 200))
    assert found == [("root", 0, 20), ("early", 20, 80), ("-", 80, 120), ("late", 120, 200)]


def test_a_child_that_began_before_its_parent_by_its_clock() -> None:
    found = path(("root", "", 10, 100), ("skewed", "root", 0, 60))
    assert found == [("skewed", 0, 60), ("root", 60, 100)]
    found = path(("root", "", 50, 100), ("skewed", "root", 0, 20))
    assert found == [("skewed", 0, 20), ("-", 20, 50), ("root", 50, 100)]


def test_several_roots_and_a_hole_between_them() -> None:
    assert path(("a", "", 0, 10), ("b", "", 30, 40)) == [("a", 0, 10), ("-", 10, 30), ("b", 30, 40)]


def test_nothing_and_no_time() -> None:
    assert critical_path(grow([], [], [], []), [], []) == ()
    assert path(("root", "", 5, 5)) == []


def test_a_chain_of_thirty_thousand() -> None:
    count = 30_000
    nodes = [Node(f"{i:05}", f"{i - 1:05}" if i else "", i, 2 * count - i) for i in range(count)]
    found = critical_path(*grown(nodes))
    assert sum(part.length for part in found) == 2 * count


ids = st.sampled_from(["a", "b", "c", "d", "e", "f", "g"])
times = st.integers(0, 400)


@given(st.lists(st.builds(Node, ids, ids | st.just(""), times, times), min_size=1, max_size=25))
def test_the_parts_add_up_to_the_duration(nodes: list[Node]) -> None:
    nodes = [n._replace(end=max(n.start, n.end)) for n in nodes]
    tree, starts, ends = grown(nodes)
    found = critical_path(tree, starts, ends)
    assert sum(part.length for part in found) == max(ends) - min(starts)
    at = min(starts)
    for part in found:
        assert part.start == at < part.end
        at = part.end
        if part.row != NOBODY:
            assert starts[part.row] <= part.start and part.end <= ends[part.row]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 99), st.integers(1, 100)), max_size=20))
def test_where_children_stay_inside_their_parents_somebody_always_works(
    shape: list[tuple[int, int, int]],
) -> None:
    nodes = [Node("0", "", 0, 10_000)]
    for number, (over, begin, length) in enumerate(shape, 1):
        above = nodes[over % len(nodes)]
        start = above.start + (above.end - above.start) * begin // 100
        end = start + (above.end - start) * length // 100
        nodes.append(Node(str(number), above.span_id, start, end))
    found = critical_path(*grown(nodes))
    assert NOBODY not in {part.row for part in found}
    assert sum(part.length for part in found) == 10_000
