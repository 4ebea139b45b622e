"""Filters over log records and data points as SQL: golden files, and that hostile words stay values.

Regenerate with `UPDATE_GOLDEN=1 pytest tests/query/test_row_selection.py`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.query.filter_trees import trees

from sightline.query import log_facets, logs, metric_sql, metrics
from sightline.query.buckets import buckets
from sightline.query.filter.compiler import Statement
from sightline.query.filter.errors import FilterError
from sightline.query.filter.nodes import Node
from sightline.query.filter.spelling import spell
from sightline.query.filter.vocabulary import ALL, LOGS, METRICS, SPANS, Vocabulary
from sightline.query.metric_series import grouping
from sightline.query.metric_sql import Asked
from sightline.query.row_selection import RowSelection, select_rows, without
from sightline.query.window import Window
from sightline.records.logs import LogKey

GOLDEN = Path(__file__).parent / "golden" / "rows"
NOW = 1_795_185_140 * 10**9
WINDOW = Window("helpdesk", NOW - 86_400 * 10**9, NOW)
KEY = LogKey(NOW - 5, 0x9C1F3A2B4D5E6F7, 2)


def chosen(vocabulary: Vocabulary, text: str) -> RowSelection:
    return select_rows(vocabulary, text, WINDOW, NOW)


def _asked(name: str, by: str = "", top: tuple[str, ...] = ()) -> Asked:
    one = metrics.named(chosen(METRICS, "env:prod"), name)
    return Asked(one, buckets(WINDOW), grouping(by).sql if by else "", top)


CASES: dict[str, Callable[[], Statement]] = {
    "logs_fields": lambda: logs.listing(
        chosen(LOGS, "severity>=warn -error service:api* trace:abc time:2026-11-20 -env:dev"),
        100,
        None,
        False,
    ),
    "logs_texts": lambda: logs.listing(
        chosen(LOGS, '"timed out" body:refund* body>1kb has:body gen_ai.input.messages:x'), 100, None, True
    ),
    "logs_attributes": lambda: logs.listing(
        chosen(LOGS, 'attr."we`ird":a* resource.host.name:x attr.n>5 has:attr.x'), 9, KEY, False
    ),
    "logs_oldest": lambda: logs.listing(chosen(LOGS, ""), 9, KEY, True),
    "logs_full": lambda: logs.reading("helpdesk", KEY),
    "logs_counts": lambda: logs.counting(chosen(LOGS, "error or fatal"), buckets(WINDOW)),
    "logs_facets": lambda: log_facets.counting(chosen(LOGS, "error"), ("severity", "service"), 10),
    "metrics_catalogue": lambda: metrics.listing(chosen(METRICS, "token service:api"), 50, "after this"),
    "metrics_curves": lambda: metrics.curves(chosen(METRICS, ""), buckets(WINDOW), ("a", "b")),
    "metric_ranking": lambda: metric_sql.ranking(_asked("hits", "attr.route"), 5, False, False),
    "metric_ranking_levels": lambda: metric_sql.ranking(_asked("depth", "service"), 5, True, False),
    "metric_levels": lambda: metric_sql.levels(_asked("depth", "service", ("a", "b")), "avg"),
    "metric_sum": lambda: metric_sql.levels(_asked("depth"), "sum"),
    "metric_growth": lambda: metric_sql.growth(_asked("hits", "attr.route", ("/x",))),
    "metric_explicit": lambda: metric_sql.explicit(_asked("time")),
    "metric_exponential": lambda: metric_sql.exponential(_asked("time"), 3),
    "metric_summaries": lambda: metric_sql.summaries(_asked("told")),
}


@pytest.mark.parametrize("name", CASES)
def test_the_statement(name: str) -> None:
    statement = CASES[name]()
    values = {k: v for k, v in statement.parameters.items() if re.fullmatch(r"p\d+", k)}
    told = "".join(f"-- {k} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in values.items())
    found = f"{told}{statement.text}\n"
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found)
    assert found == path.read_text(), "the statement changed; UPDATE_GOLDEN=1 writes it anew"


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.sql")} == set(CASES)


@settings(max_examples=200)
@given(trees())
def test_only_known_text_becomes_sql(tree: Node) -> None:
    """Whatever a filter says, its statement is made of our own words, parameters and escaped paths."""
    for vocabulary in (LOGS, METRICS):
        try:
            selection = chosen(vocabulary, spell(tree))
        except FilterError:
            continue
        text = selection.sql().rows(selection.predicate)
        text = re.sub(r"`(?:[^`\\]|\\.)*`", "path", text, flags=re.DOTALL)
        text = re.sub(r"'(?:[^'\\]|\\.)*'", "literal", text)
        assert re.fullmatch(r"[\w\s.,:;(){}\[\]<>=!*+\-|/]*", text), text
        assert text.count("{project:String}") == text.count("FROM sightline.")


def test_canonical_texts_mean_the_same() -> None:
    for text in ("error", "severity>=warn (service:a or -has:env)", 'attr."a b":"x y" "phrase of it"'):
        selection = chosen(LOGS, text)
        assert chosen(LOGS, selection.text).predicate == selection.predicate


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("severity", 'service:a attr.x:1 "t" (severity:warn or service:b)'),
        ("service", '-severity:warn attr.x:1 "t" (severity:warn or service:b)'),
        ("attr.x", '-severity:warn service:a "t" (severity:warn or service:b)'),
    ],
)
def test_a_facet_is_counted_without_its_own_conditions(name: str, left: str) -> None:
    node = chosen(LOGS, '-level:warn service:a attr.x:1 "t" (severity:warn or service:b)').node
    assert spell(without(LOGS, node, name)).replace("level", "severity") == left


@pytest.mark.parametrize("vocabulary", ALL.values(), ids=list(ALL))
def test_each_name_belongs_to_one_field(vocabulary: Vocabulary) -> None:
    for field in vocabulary.fields:
        assert all(vocabulary.find(name.upper()) is field for name in field.names)
    if vocabulary is not SPANS:
        assert all(field.says for field in vocabulary.fields)
        assert all("s." in field.sql or not field.sql for field in vocabulary.fields)
