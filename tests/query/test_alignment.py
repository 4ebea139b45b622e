from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from test_repeats import grown
from tree_reference import Node

from sightline.query.alignment import Tree, align


def tree_of(shape: str) -> Tree:
    """`a b(c d) b` as a tree: names, children in parentheses; later ones start later."""
    nodes: list[Node] = []
    names: list[str] = []
    above: list[str] = [""]
    for number, word in enumerate(shape.replace("(", " ( ").replace(")", " ) ").split()):
        if word == "(":
            above.append(nodes[-1].span_id)
        elif word == ")":
            above.pop()
        else:
            nodes.append(Node(f"{number:04}", above[-1], number, 9_000))
            names.append(word)
    return grown(nodes, names)


def shown(left: str, right: str) -> list[str]:
    a, b = tree_of(left), tree_of(right)
    return [
        "  " * pair.depth
        + pair.name
        + {(True, True): "", (True, False): " -", (False, True): " +"}[bool(pair.left), bool(pair.right)]
        + (f" {len(pair.left)}/{len(pair.right)}" if max(len(pair.left), len(pair.right)) > 1 else "")
        for pair in align(a, b)
    ]


def test_the_same_names_stand_for_each_other() -> None:
    assert shown("a(b(c) d)", "a(b(c) d)") == ["a", "  b", "    c", "  d"]


def test_what_one_side_lacks_stands_where_it_would_be() -> None:
    assert shown("a(b c(x) d)", "a(b n(y) d e)") == [
        "a", "  b", "  n +", "    y +", "  c -", "    x -", "  d", "  e +",
    ]  # fmt: skip
    assert shown("a", "b") == ["b +", "a -"]


def test_of_several_with_one_name_the_first_stands_for_the_first() -> None:
    assert shown("a(b(x) b(y))", "a(b(x) b(y) b)") == ["a", "  b", "    x", "  b", "    y", "  b +"]


def test_many_alike_are_compared_as_one() -> None:
    many, more = "b " * 30, "b " * 25
    assert shown(f"a({many} c)", f"a({more} c)") == ["a", "  b 30/25", "  c"]
    assert shown("a(c)", f"a(c {more})") == ["a", "  c", "  b + 0/25"]


ids = [f"{n:02}" for n in range(12)]
shapes = st.lists(
    st.tuples(st.sampled_from(ids), st.sampled_from([*ids, ""]), st.sampled_from("xyz")),
    max_size=14,
    unique_by=lambda t: t[0],
)


@given(shapes, shapes)
def test_every_span_stands_once(left: list[tuple[str, str, str]], right: list[tuple[str, str, str]]) -> None:
    sides = [
        grown([Node(i, p, n, 99) for n, (i, p, _) in enumerate(shape)], [name for _, _, name in shape])
        for shape in (left, right)
    ]
    pairs = align(*sides)
    assert sorted(row for pair in pairs for row in pair.left) == list(range(len(left)))
    assert sorted(row for pair in pairs for row in pair.right) == list(range(len(right)))
    for pair in pairs:
        for side, rows in zip(sides, (pair.left, pair.right), strict=True):
            assert all(side[1].names[row] == pair.name and side[0].depth[row] == pair.depth for row in rows)


@given(shapes)
def test_a_trace_is_like_itself(shape: list[tuple[str, str, str]]) -> None:
    side = grown([Node(i, p, n, 99) for n, (i, p, _) in enumerate(shape)], [name for _, _, name in shape])
    assert all(pair.left == pair.right for pair in align(side, side))
