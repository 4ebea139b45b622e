"""What a filter is as SQL: golden files, and that hostile words stay values.

Regenerate with `UPDATE_GOLDEN=1 pytest tests/query/filter/test_compiler.py`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.query.filter_trees import trees

from sightline.query.filter.errors import FilterError
from sightline.query.filter.nodes import Node
from sightline.query.filter.spelling import spell
from sightline.query.selection import Target, counting, select
from sightline.query.window import Window

GOLDEN = Path(__file__).parents[1] / "golden" / "filter"
NOW = 1_795_185_140 * 10**9
WINDOW = Window("helpdesk", NOW - 86_400 * 10**9, NOW)
CASES: dict[str, tuple[Target, str]] = {
    "everything": (Target.SPANS, ""),
    "fields": (Target.SPANS, "kind:llm model:gpt-4o* cost>0.01 duration>2s -env:dev status:error,ok"),
    "types": (Target.SPANS, "root:true tags:beta has:cost start:2026-11-20 input:1..5k size>1kb name:*"),
    "attributes": (
        Target.SPANS,
        'attr.squad:search,"5" attr."we`ird":a* resource.host.name:x attr.n>5 has:attr.x',
    ),
    "taken_attribute": (Target.SPANS, "gen_ai.request.model:gpt-4o"),
    "phrase": (Target.SPANS, '"refund policy"'),
    "words": (Target.SPANS, "refund café 退款 ???"),
    "contents": (Target.SPANS, "arguments:order* has:result input.text>10kb"),
    "logs": (Target.SPANS, "log:timeout has:log"),
    "or_not": (Target.SPANS, "(kind:llm or -(env:dev user:alice)) -has:session"),
    "under": (Target.SPANS, "tool under agent:planner"),
    "above": (Target.SPANS, "above (tool error)"),
    "child": (Target.SPANS, "child of llm or parent of tool"),
    "trace_any": (Target.SPANS, "trace:(any llm error and none tool and all service:*)"),
    "trace_measure": (Target.SPANS, "trace:(duration>10s and cost>1) spans>5"),
    "session": (Target.SPANS, "session:(any error and traces>2 and cost>1)"),
    "traces": (Target.TRACES, "llm cost>0.01"),
    "traces_whole": (Target.TRACES, "user:alice cost>0.01 trace:(any llm error)"),
    "traces_everything": (Target.TRACES, ""),
}


@pytest.mark.parametrize("name", CASES)
def test_the_statement(name: str) -> None:
    target, text = CASES[name]
    statement = counting(select(text, WINDOW, NOW, target))
    values = {k: v for k, v in statement.parameters.items() if k[0] == "p" and k != "project"}
    told = "".join(f"-- {k} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in values.items())
    found = f"-- {target}: {text}\n{told}{statement.text}\n"
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found)
    assert found == path.read_text(), "the statement changed; UPDATE_GOLDEN=1 writes it anew"


def test_no_golden_file_is_left_over() -> None:
    assert {p.stem for p in GOLDEN.glob("*.sql")} == set(CASES)


@settings(max_examples=200)
@given(trees())
def test_only_known_text_becomes_sql(tree: Node) -> None:
    """Whatever a filter says, its statement is made of our own words, parameters and escaped paths."""
    for target in Target:
        try:
            statement = counting(select(spell(tree), WINDOW, NOW, target))
        except FilterError:
            continue
        assert statement.parameters["project"] == "helpdesk"
        text = re.sub(r"`(?:[^`\\]|\\.)*`", "path", statement.text, flags=re.DOTALL)
        # Literals are those of the builder itself.
        text = re.sub(r"'(?:[^'\\]|\\.)*'", "literal", text)
        assert re.fullmatch(r"[\w\s.,:;(){}\[\]<>=!*+\-|/]*", text), text
        assert text.count("{project:String}") == text.count("FROM sightline.")
        # Every table is read within a project and, but for contents, within a time.
        for read in re.findall(r"FROM sightline\.(\w+) AS (\w)\s+(?:PREWHERE|WHERE)\s+(.*)\n(.*)", text):
            table, alias, first, second = read
            assert first.strip() == f"{alias}.project = {{project:String}}"
            assert table == "content" or "time >= fromUnixTimestamp64Nano" in second
