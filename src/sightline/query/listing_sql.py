"""The statements behind lists: which traces and spans come next in an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sightline.query.filter.compiler import Sql, Statement
from sightline.query.listing_order import TIME, Place, Sort, key_sql
from sightline.query.selection import Selection, Target
from sightline.query.window import Window


def rest_of(whole: Window, place: Place | None, sort: Sort) -> Window:
    """What of a window comes after a place inside of it, with the moment of the place itself."""
    if place is None or place.key is None:
        return whole
    return replace(whole, since=place.key) if sort.ascending else replace(whole, until=place.key + 1)


def trace_starts(
    selection: Selection, window: Window, reach: Window, place: Place | None, sort: Sort, limit: int
) -> Statement:
    """The statement for the traces that match in a part of the time, in order of time: their ids and starts.

    Sorting by id as well would read it all: of several that start at the moment of the last row some may be
    left out (`read_in_time` asks for those).
    """
    sql = Sql(rest_of(window, place, sort), reach)
    after = []
    if place and place.key is not None:
        after.append(_after_time(sql, place.key, ("trace_id",), place.id, sort))
    return sql.statement(
        "SELECT\n    s.trace_id AS trace_id,\n    toUnixTimestamp64Nano(s.start_time) AS started\n"
        f"{sql.traces(selection.predicate, *after)}\n"
        f"ORDER BY s.start_time {_way(sort)}\nLIMIT {sql.parameters.value('UInt32', limit)}"
    )


def _after_time(sql: Sql, key: int, columns: Sequence[str], id_: str, sort: Sort) -> str:
    """What starts at the same moment as the last row comes after it by its id."""
    sign = ">" if sort.ascending else "<"
    moment = f"fromUnixTimestamp64Nano({sql.parameters.value('Int64', key)}, 'UTC')"
    ids = [sql.parameters.value("String", one) for one in id_.split("/")]
    beyond = f"({', '.join(f's.{c}' for c in columns)}) {sign} ({', '.join(ids)})"
    return f"(s.start_time {sign} {moment} OR {beyond})"


def _way(sort: Sort) -> str:
    return "ASC" if sort.ascending else "DESC"


def trace_keys(selection: Selection, place: Place | None, sort: Sort, limit: int) -> Statement:
    """The statement for the first traces of an order: their ids, keys, and where they stand in time."""
    sql = Sql(selection.window)
    key = key_sql(sort, Target.TRACES)
    after = [_after(sql, place, key, ("s.trace_id",), sort)] if place else []
    way = _way(sort)
    return sql.statement(
        f"SELECT\n    s.trace_id AS id,\n    {key} AS sort_key,\n"
        f"    toUnixTimestamp64Nano(s.start_time) AS stands\n"
        f"{sql.traces(selection.predicate, *after)}\n"
        f"ORDER BY sort_key {way} NULLS LAST, id {way}\nLIMIT {sql.parameters.value('UInt32', limit)}"
    )


def _after(sql: Sql, place: Place, key: str, columns: Sequence[str], sort: Sort) -> str:
    """What comes after a place in an order in which unknown keys are the last."""
    sign = ">" if sort.ascending else "<"
    ids = ", ".join(sql.parameters.value("String", one) for one in place.id.split("/"))
    beyond = f"({', '.join(columns)}) {sign} ({ids})"
    if place.key is None:
        return f"({key} IS NULL AND {beyond})"
    at = sql.parameters.value("Int64", place.key)
    return f"({key} {sign} {at} OR ({key} = {at} AND {beyond}) OR {key} IS NULL)"


def span_keys(
    selection: Selection, window: Window, reach: Window, place: Place | None, sort: Sort, limit: int
) -> Statement:
    """The statement for the first spans of an order in a part of the time: their ids, keys and starts.

    By time some of several that start at the moment of the last row may be left out, as in `trace_starts`.
    """
    way = _way(sort)
    ids = ("s.trace_id", "s.span_id")
    if sort.by == TIME:
        sql = Sql(rest_of(window, place, sort), reach)
        after = []
        if place and place.key is not None:
            after.append(_after_time(sql, place.key, ("trace_id", "span_id"), place.id, sort))
        key, order = "toUnixTimestamp64Nano(s.start_time)", f"s.start_time {way}"
    else:
        sql = Sql(window, reach)
        key = key_sql(sort, Target.SPANS)
        after = [_after(sql, place, key, ids, sort)] if place else []
        order = f"sort_key {way} NULLS LAST, s.trace_id {way}, s.span_id {way}"
    count = sql.parameters.value("UInt32", limit)
    return sql.statement(
        f"SELECT\n    s.trace_id AS trace_id,\n    s.span_id AS span_id,\n    {key} AS sort_key,\n"
        f"    toUnixTimestamp64Nano(s.start_time) AS started\n{sql.spans(selection.predicate, *after)}\n"
        f"ORDER BY {order}\nLIMIT {count}"
    )
