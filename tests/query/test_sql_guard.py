"""Reading the engine's tree, and the text that runs, without an engine."""

# ruff: noqa: E501 -- a query stays on its line

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.query.sql_answer import read_answer
from sightline.query.sql_errors import SqlError, cleaned, nearest, query_error, syntax_error
from sightline.query.sql_functions import is_aggregate, is_function, is_table_function, known_functions
from sightline.query.sql_guard import check_text, check_tree, read_tree, wrap
from sightline.query.sql_relations import stored_relation
from sightline.store.rows import QueryTimeout, StoreError

SPANS = stored_relation("spans", {"project": "String", "name": "String", "content.hash": "Array(FixedString(16))",
                                  "attributes": "JSON", "retention_days": "UInt16"})  # fmt: skip
CONTENT = stored_relation("content", {"project": "String", "hash": "FixedString(16)", "body": "String"})
GOLDEN = Path(__file__).parent / "golden"
DUMP = """SelectWithUnionQuery (children 2)
 ExpressionList (children 1)
  SelectQuery (children 2)
   ExpressionList (children 1)
    {what}
   TablesInSelectQuery (children 1)
    TablesInSelectQueryElement (children 1)
     TableExpression (children 1)
      {table}
 Identifier TSVRaw
"""


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("narrow", "SELECT name, attributes.team FROM spans"),
        ("everything", "SELECT * FROM spans WHERE name IN (SELECT body FROM content)"),
        ("nested", "SELECT content.hash FROM spans"),
        ("no_column", "SELECT 1 FROM spans"),
        ("no_table", "SELECT 1"),
    ],
)
def test_the_text_that_runs(name: str, canonical: str) -> None:
    text = wrap(canonical, {"spans": SPANS, "content": CONTENT}).text + "\n"
    # To accept a change, write the new text into the file.
    assert text == (GOLDEN / f"sql_{name}.sql").read_text()


@pytest.mark.parametrize(
    ("what", "table"),
    [
        ("Identifier name (alias n)", "TableIdentifier spans (alias s)"),
        ("Function count (alias a b) (children 1)\n     ExpressionList", "TableIdentifier spans"),
        (
            "Literal \\'a\\nb\\'",
            "Function numbers (children 1)\n       ExpressionList (children 1)\n        Literal UInt64_1",
        ),
    ],
)
def test_what_passes(what: str, table: str) -> None:
    check_tree(read_tree(DUMP.format(what=what, table=table)), wrap("", {}))


@pytest.mark.parametrize(
    ("what", "table", "message"),
    [
        ("Identifier name", "TableIdentifier sightline.spans", "out of reach"),
        ("Identifier system.tables", "TableIdentifier spans", "out of reach"),
        ("Function file (children 1)\n     ExpressionList", "TableIdentifier spans", "file is not available"),
        (
            "Function numbers (children 1)\n     ExpressionList",
            "TableIdentifier spans",
            "numbers is not available",
        ),
        ("Asterisk", "Function count (children 1)\n       ExpressionList", "table function count"),
        ("ColumnsApplyTransformer", "TableIdentifier spans", "APPLY"),
        ("Set", "TableIdentifier spans", "SETTINGS"),
        ("SomethingNew", "TableIdentifier spans", "SomethingNew cannot be used"),
    ],
)
def test_what_does_not(what: str, table: str, message: str) -> None:
    with pytest.raises(SqlError, match=message):
        check_tree(read_tree(DUMP.format(what=what, table=table)), wrap("", {}))


@pytest.mark.parametrize(
    "dump",
    ["", "SelectQuery\nSelectQuery", "  SelectQuery", "InsertQuery   (children 1)\n Identifier x", "a\n   b"],
)
def test_trees_that_are_none(dump: str) -> None:
    with pytest.raises(SqlError):
        check_tree(read_tree(dump), wrap("", {}))


def test_one_table_more_than_ours_is_refused() -> None:
    plan = wrap("SELECT name FROM spans", {"spans": SPANS})
    once = DUMP.format(what="Identifier name", table="TableIdentifier sightline.spans")
    check_tree(read_tree(once), plan)
    twice = DUMP.format(
        what="Identifier name", table="TableIdentifier sightline.spans\n      TableIdentifier sightline.spans"
    )
    with pytest.raises(SqlError, match="out of reach"):
        check_tree(read_tree(twice), plan)


@pytest.mark.parametrize(
    "canonical",
    ["SELECT f(1)", "SELECT `file`('x')", "SELECT sum(a) OVER (ROWS BETWEEN file('z') PRECEDING AND 1 FOLLOWING)", "SELECT * APPLY (x -> file(x))",
     "SELECT `a\\nb`", "SELECT {x:Identifier}", "SELECT {x:String}", "SELECT CAST(x, 'AggregateFunction(sum, UInt8)')", "INSERT INTO x SELECT 1"],
)  # fmt: skip
def test_text_that_is_refused_before_the_tree(canonical: str) -> None:
    with pytest.raises(SqlError):
        check_text(canonical, ())


@given(st.text(max_size=30))
def test_text_in_quotes_is_only_text(text: str) -> None:
    literal = text.replace("\\", "\\\\").replace("'", "\\'")
    if "aggregatefunction" not in text.lower():
        check_text(f"SELECT '{literal}', count(), 'file('", ())


def test_functions() -> None:
    assert all(
        is_function(n)
        for n in (
            "count",
            "COUNT",
            "sumIf",
            "quantilesTDigestIfOrNull",
            "uniqExactMerge",
            "sumMap",
            "in",
            "lambda",
        )
    )
    assert not any(
        is_function(n)
        for n in (
            "file",
            "sleep",
            "dictGet",
            "toStringIf",
            "hostName",
            "",
            "numbers",
            "fileIf",
            "aggThrowIf",
        )
    )
    assert is_aggregate("sumIf") and not is_aggregate("lower")
    assert is_table_function("numbers") and not is_table_function("file")
    banned = {
        "file",
        "url",
        "remote",
        "sleep",
        "hostname",
        "getsetting",
        "joinget",
        "dictget",
        "throwif",
        "currentuser",
        "formatrow",
        "indexhint",
    }
    assert not banned & known_functions()


def test_errors_keep_the_engine_to_itself() -> None:
    text = "Cannot open file /var/lib/x/y.bin: while executing 'FUNCTION toInt64(__table1.name :: 0)': While executing MergeTreeSelect (SOME_CODE)"
    assert cleaned(text) == "Cannot open file …."
    assert (
        cleaned("Unknown thing sightline.spans. In scope WITH spans AS (SELECT 1)") == "Unknown thing spans."
    )
    assert len(cleaned("x" * 5000)) < 500
    assert cleaned("") == "The engine refused the query without a reason."
    error = syntax_error(
        StoreError("Syntax error: failed at position 9 (x) (line 1, col 9): x", 62), "é\nab cx d"
    )
    assert (str(error), error.position) == ('Syntax error in line 2, column 6 near "x".', 7)
    assert nearest("nmae", ["name", "kind"]) == ' Did you mean "name"?'
    columns = ["trace_id", "model_version", "request_model", "response_model", "kind"]
    assert nearest("model", columns) == nearest("mdel", columns) == ' Did you mean "request_model"?'
    assert nearest("cheese", columns) == ""
    slow = query_error(QueryTimeout("Timeout exceeded", 159), ["spans"], [], 30.0, 2**30)
    assert (
        str(slow)
        == "The query ran longer than 30 s and was stopped. Narrow the time range or read fewer columns."
    )


def test_answers_without_rows_and_with_bytes() -> None:
    head = b'["a"]\n["String"]\n'
    assert read_answer(head, b"", 5, 1.0).dicts() == []
    assert read_answer(head, b"", 5, 1.0).columns == ("a",)
    answer = read_answer(head, b'{"a":"\xff"}\n{"a":"ok"}\n{"a":"cut"}\n', 2, 1.0)
    assert (answer.rows, answer.truncated) == ([["ff"], ["ok"]], True)
