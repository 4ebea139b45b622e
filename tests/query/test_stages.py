from __future__ import annotations

from test_repeats import grown
from tree_reference import Node

from sightline.query.critical_path import critical_path
from sightline.query.stages import stages
from sightline.records.trace import SpanColumns


def test_stages_add_up_and_a_model_call_is_split_at_its_first_token() -> None:
    nodes = [
        Node("a", "", 0, 100),
        Node("b", "a", 10, 40),
        Node("c", "a", 50, 90),
        Node("d", "", 120, 130),
    ]
    tree, columns = grown(nodes, ["agent", "search", "answer", "late"])
    kinds = {"a": "agent", "b": "retriever", "c": "llm", "d": "strange"}
    told = SpanColumns(
        columns.ids, columns.rows, columns.names, [kinds[id_] for id_ in columns.ids], columns.failed,
        columns.starts, columns.ends, [15 if id_ == "c" else -1 for id_ in columns.ids], columns.cost,
    )  # fmt: skip
    found = stages(critical_path(tree, columns.starts, columns.ends), told)
    assert {stage.text: stage.length for stage in found} == {
        "Between": 30, "Search": 30, "First token": 15, "Decode": 25, "No span ran": 20, "Other": 10,
    }  # fmt: skip
    assert sum(stage.length for stage in found) == 130
    assert {stage.text: stage.rows for stage in found}["No span ran"] == ()
