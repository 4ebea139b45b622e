"""The scores that count, as tables that are joined to a statement's rows: one pass for all names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sightline.query.filter.compiler import Sql, indented, selected
from sightline.query.filter.nodes import Whole
from sightline.query.filter.score_sql import (
    HEAD_KEY,
    NUMBER,
    ORDER,
    SESSION_KEY,
    SPAN_KEY,
    TRACE_KEY,
    in_words,
)
from sightline.query.score_columns import OF_SESSION, OF_TRACE, SPAN, TRACE, ScoreColumn, different
from sightline.query.score_targets import packed

# What of a score is packed with its target, where it is known.
_COUNTED = {"value": ("{n}_v IS NOT NULL", "assumeNotNull({n}_v)"), "text": ("{n}_t != ''", "1"),
            "hit": ("{n}_t != ''", "{n}_x")}  # fmt: skip

# How many groups a question may have (`one_scan.BOUNDS`) says nothing of how much was rated.
_UNBOUNDED = "\nSETTINGS max_rows_to_group_by = 0"


def joined(source: str, columns: Iterable[ScoreColumn | None], sql: Sql, near: str = "") -> str:
    """FROM and PREWHERE of rows with the scores joined to them; without any it stays as it is.

    `near` is a SELECT of the keys of all traces that the rows may be of: where these are fewer than the
    scores it is quicker to look at theirs alone.
    """
    wanted = different(columns)
    if not wanted:
        return source
    spans = [column for column in wanted if column.field.whole is None]
    traces = [column for column in wanted if column.field.whole is Whole.TRACE]
    joins = []
    if spans:
        # Whoever counts targets asks every span for its trace's; else that stands at the head alone.
        every = any(column.counted for column in spans)
        head = HEAD_KEY if every else f"if(s.trace_head, {HEAD_KEY}, 0)"
        joins += [
            _join(SPAN, SPAN_KEY, _given(spans, sql, "span", near)),
            _join(OF_TRACE, head, _given(spans, sql, "trace", near)),
        ]
    if traces:
        session = f"if(s.session_id != '', {SESSION_KEY}, 0)"
        joins += [_join(TRACE, TRACE_KEY, _of_traces(traces, sql, near))]
        joins += [_join(OF_SESSION, session, _given(traces, sql, "session"))]
    return source.replace("\nPREWHERE", "\n" + "\n".join(joins) + "\nPREWHERE", 1)


def _join(name: str, key: str, scores: str) -> str:
    return f"ANY LEFT JOIN (\n{indented(scores)}\n) AS {name} ON {key} = {name}.k"


def _given(columns: Sequence[ScoreColumn], sql: Sql, target: str, near: str = "") -> str:
    """By what was rated: of each score whether there is one (`h`), its number (`v`), it in words (`t`),
    whether that is the label (`x`), and with its target what is counted."""
    names = _named(columns, sql)
    chosen = ["c.subject AS k"]
    for one in _once(columns):
        chosen += _counting(one.name, names[one.field.name])
        chosen += _hit(one, sql)
    for column in columns:
        if column.counted:
            known, number = (part.format(n=column.name) for part in _COUNTED[column.counted])
            chosen.append(f"if({known}, {packed('k', number)}, 0) AS {column.name}_{column.counted}")
    return selected(chosen, f"{_scores(names, sql, repr((target,)), near)}\nGROUP BY c.subject{_UNBOUNDED}")


def _of_traces(columns: Sequence[ScoreColumn], sql: Sql, near: str) -> str:
    """By trace: the mean of those that count, and the text of the one that stands highest."""
    names = _named(columns, sql)
    inner, outer = ["any(c.trace_key) AS trace"], ["w.trace AS k"]
    for one in _once(columns):
        n, given = one.name, names[one.field.name]
        inner += [*_counting(n, given), f"{_chosen('max', ORDER, given)} AS {n}_b"]
        outer += [
            f"max(w.{n}_h) AS {n}_h",
            f"avg(w.{n}_v) AS {n}_v",
            f"argMaxIf(w.{n}_t, w.{n}_b, w.{n}_h) AS {n}_t",
            *_hit(one, sql),
        ]
    given_to = _scores(names, sql, repr(("span", "trace")), near)
    counted = selected(inner, f"{given_to}\nGROUP BY c.subject{_UNBOUNDED}")
    return selected(outer, f"FROM (\n{indented(counted)}\n) AS w\nGROUP BY w.trace{_UNBOUNDED}")


def _once(columns: Sequence[ScoreColumn]) -> list[ScoreColumn]:
    """A column of each score and label."""
    return list({column.name: column for column in columns}.values())


def _named(columns: Sequence[ScoreColumn], sql: Sql) -> dict[str, str]:
    """The names of scores with the condition that a row is of one; empty where there is one name only."""
    names = list(dict.fromkeys(column.field.name for column in columns))
    if len(names) == 1:
        return {names[0]: ""}
    return {name: f"c.name = {sql.parameters.value('String', name)}" for name in names}


def _scores(names: Iterable[str], sql: Sql, targets: str, near: str) -> str:
    """FROM and WHERE of the scores of some names on some targets."""
    among = sql.parameters.texts(tuple(names))

    def wanted(row: str) -> str:
        return f"{row}.project = {{project:String}} AND {row}.target IN {targets} AND {row}.name IN {among}"

    before = ""
    if near:
        # Which record of an id counts is decided among all of them: ids are chosen, then all of theirs read.
        ids = selected(
            ["cityHash64(a.id)"],
            f"FROM sightline.scores AS a\nWHERE {wanted('a')} AND a.trace_key IN (\n{indented(near)}\n)",
        )
        before = f"PREWHERE c.project = {{project:String}} AND cityHash64(c.id) IN (\n{indented(ids)}\n)\n"
    return f"FROM sightline.scores AS c FINAL\n{before}WHERE {wanted('c')}"


def _chosen(aggregate: str, arguments: str, condition: str) -> str:
    return f"{aggregate}If({arguments}, {condition})" if condition else f"{aggregate}({arguments})"


def _counting(n: str, condition: str) -> list[str]:
    """Of the score that counts among those of one target: whether there is one, its number, and in words its
    label, else true or false, else its number."""
    value, label, kind = (
        _chosen("argMax", f"{column}, {ORDER}", condition) for column in (NUMBER, "c.label", "c.data_type")
    )
    words = in_words(f"{label} != ''", label, f"{n}_v IS NULL", value, kind)
    return [
        f"{f'countIf({condition})' if condition else 'count()'} > 0 AS {n}_h",
        f"if({n}_h AND NOT isNaN({value}), {value}, NULL) AS {n}_v",
        f"multiIf(NOT {n}_h, '', {words}) AS {n}_t",
    ]


def _hit(column: ScoreColumn, sql: Sql) -> list[str]:
    if not column.label:
        return []
    return [f"{column.name}_t = {sql.parameters.value('String', column.label)} AS {column.name}_x"]
