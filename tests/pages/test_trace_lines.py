from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.pages.trace_address import Asked
from sightline.pages.trace_lines import Lines, Shows, lines
from sightline.query.repeats import repeats
from sightline.query.tree import grow
from sightline.records.span_tree import SpanTree
from sightline.records.trace import SpanColumns


def grown(shape: list[tuple[str, str]]) -> tuple[SpanTree, SpanColumns]:
    """A tree of (id, parent); the name is the id's first letter."""
    tree = grow([i for i, _ in shape], [p for _, p in shape], list(range(len(shape))), [999] * len(shape))
    ids = [shape[at][0] for at in tree.at]
    return tree, SpanColumns(
        ids, {i: r for r, i in enumerate(ids)}, [i[0] for i in ids], ["tool"] * len(ids), [False] * len(ids),
        list(tree.at), [999] * len(ids), [-1] * len(ids), [0.0] * len(ids),
    )  # fmt: skip


def shown(found: Lines, columns: SpanColumns) -> list[str]:
    out = []
    for line in found.lines:
        what = columns.ids[line.row] if line.shows is Shows.SPAN else f"{line.shows} {len(line.members)}"
        out.append("  " * line.depth + what)
    return out


SHAPE = [("a0", ""), ("b0", "a0"), *((f"c{i:02}", "a0") for i in range(30)), ("d0", "c05"), ("e0", "b0")]


def listed(asked: Asked, chosen: str = "", only: set[str] | None = None) -> list[str]:
    tree, columns = grown(SHAPE)
    rows = None if only is None else {columns.rows[id_] for id_ in only}
    found = lines(
        tree,
        columns,
        repeats(tree, columns),
        asked,
        columns.rows[chosen] if chosen else -1,
        rows,
    )
    return shown(found, columns)


def test_repeats_stand_in_one_row_with_those_beside_it() -> None:
    # All end together: the first one is the slowest.
    assert listed(Asked("/x")) == [
        "a0", "  b0", "    e0", "  group 30", "    c00", "    rest 29",
    ]  # fmt: skip


def test_groups_and_spans_fold_and_open() -> None:
    tree, columns = grown(SHAPE)
    [group] = repeats(tree, columns)[0]
    assert listed(Asked("/x", fold=frozenset({group.id, "b0"}))) == ["a0", "  b0", "  group 30"]
    opened = listed(Asked("/x", open=frozenset({group.id})))
    assert len(opened) == 4 + 30 and "      d0" not in opened
    assert "      d0" in listed(Asked("/x", open=frozenset({group.id, "c05"})))
    assert listed(Asked("/x", open=frozenset({"all"}))) == [
        "  " * tree.depth[row] + columns.ids[row] for row in range(len(tree))
    ]


def test_what_is_chosen_is_shown_whatever_is_folded() -> None:
    tree, columns = grown(SHAPE)
    [group] = repeats(tree, columns)[0]
    assert listed(Asked("/x", fold=frozenset({group.id, "a0"})), "d0") == [
        "a0", "  b0", "    e0", "  group 30", "    c00", "    c05", "      d0", "    rest 28",
    ]  # fmt: skip


def test_the_critical_path_alone_keeps_what_stands_above_it() -> None:
    assert listed(Asked("/x"), only={"d0"}) == ["a0", "  c05", "    d0"]
    many = {f"c{i:02}" for i in range(4, 28)}
    assert listed(Asked("/x"), only=many) == ["a0", "  group 24", "    rest 24"]


ids = st.sampled_from([f"{letter}{n}" for letter in "ab" for n in range(12)])
shapes = st.lists(st.tuples(ids, ids | st.just("")), max_size=40, unique_by=lambda pair: pair[0])


@given(shapes, st.frozensets(ids), st.frozensets(ids), st.data())
def test_nothing_is_shown_twice_and_nothing_is_lost(
    shape: list[tuple[str, str]], opened: frozenset[str], folded: frozenset[str], data: st.DataObject
) -> None:
    tree, columns = grown(shape)
    groups = repeats(tree, columns, 3)
    chosen = data.draw(st.sampled_from(range(len(shape)))) if shape else -1
    found = lines(tree, columns, groups, Asked("/x", open=opened, fold=folded), chosen)
    rows = [line.row for line in found.lines if line.shows is Shows.SPAN]
    assert len(rows) == len(set(rows))
    # Every span stands in a line, or below or within one that is folded.
    behind = set(rows)
    for line in found.lines:
        if line.shows is Shows.SPAN and not line.expanded:
            behind |= set(range(line.row, tree.last[line.row]))
        for member in line.members if not line.expanded else ():
            behind |= set(range(member, tree.last[member]))
    assert behind == set(range(len(shape)))
    if chosen >= 0:
        assert found.place_of(chosen) is not None
    for place, line in enumerate(found.lines):
        assert len(found.guides(place, 12)) == min(line.depth, 12)
