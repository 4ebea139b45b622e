"""The statements behind hours added up: what is measured of spans once for each hour, and read from there.

A subject is what is counted: requests (heads of traces), calls of models, spans that enter a service. Each is
measured in all and by its dimensions, for each environment. Percentiles and different ids are kept as states
that can be added up: estimates, of percentiles within 0.5 percent (`quantilesDD`; Masson, Rim, Lee: DDSketch,
VLDB 2019), of ids within about 1 percent (`uniqCombined64`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sightline.query.buckets import Buckets
from sightline.query.dimensions import dimension
from sightline.query.figures_sql import bucket_of
from sightline.query.filter.compiler import Sql, Statement, indented, selected
from sightline.query.filter.predicates import AllOf
from sightline.query.measures import MEASURES, TRACE_COLUMNS
from sightline.query.selection import Target, select
from sightline.query.statements import statement
from sightline.query.window import Window
from sightline.store.hours import HOUR, KEPT_HOURS, PAUSE

LARGEST = 200
# For so long (microseconds) a question may still read what was replaced.
_STILL_READ = 600 * 10**6
TOOK, FIRST_TOKEN, DIFFERENT = (
    "quantilesDD(0.005, 0.5, 0.95)",
    "quantilesDD(0.005, 0.95)",
    "uniqCombined64(14)",
)
SUMS = ("tokens", "input_tokens", "output_tokens", "cost")
HOUR_OF = f"toInt32(intDiv(toUnixTimestamp64Nano(s.start_time), {HOUR}))"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is added up: the spans or traces of a filter, in all and by each of `by`."""

    name: str
    target: Target
    filter: str
    by: tuple[str, ...]

    @property
    def traces(self) -> bool:
        """Whether traces are counted, not spans."""
        return self.target is Target.TRACES


@dataclass(frozen=True, slots=True)
class Sums:
    """A way of adding up: the table, its columns, what is read of them, and what measures spans into them."""

    table: str
    columns: tuple[str, ...]
    figures: tuple[str, ...]
    measured: Callable[..., str]


SUBJECTS = (
    Subject("requests", Target.TRACES, "", ("feature", "team")),
    Subject("calls", Target.SPANS, "kind:llm", ("model",)),
    Subject("entries", Target.SPANS, "depth:0", ("service",)),
)


COLUMNS = (
    "environment", "subject", "dimension", "value", "found", "failed", "durations", "first_tokens", *SUMS,
    "unknown_tokens", "unknown_cost", "users", "sessions",
)  # fmt: skip


def of(function: str, combinator: str, column: str) -> str:
    """An aggregate function with its arguments and a combinator, over a column."""
    name, arguments = function.split("(", 1)
    return f"{name}{combinator}({arguments}({column})"


def rows_of(
    subject: Subject,
    window: Window,
    sql: Sql,
    environment: str,
    more: Sequence[str],
    heads: dict[str, str],
) -> tuple[str, dict[str, str], str, list[str]]:
    """FROM of a subject's rows `s`, and expressions over them: what it is added up by (`d0`, …,
    `environment`), the time to the first token, users and sessions.

    `heads` are further columns of heads, which are rows of `TRACE_COLUMNS` here.
    """
    traces = subject.traces
    chosen = select(subject.filter, window, window.until, subject.target, environment)
    columns = {f"d{n}": dimension(name, traces).sql for n, name in enumerate(subject.by)}
    columns["environment"] = "ifNull(s.environment, '')"
    if traces:
        read = [f"{value} AS {name}" for name, value in (TRACE_COLUMNS | columns | heads).items()]
        source = f"FROM (\n{indented(selected(read, sql.traces(chosen.predicate, *more)))}\n) AS s"
        columns = {name: f"s.{name}" for name in columns}
    else:
        source = sql.spans(chosen.predicate, *more)
    absent = {"users": "CAST(NULL, 'Nullable(String)')", "first_token": "CAST(NULL, 'Nullable(UInt64)')"}
    first_token = absent["first_token"] if traces else "s.time_to_first_token_ns"
    people = [f"nullIf(s.{name}, '')" if traces else absent["users"] for name in ("user_id", "session_id")]
    return source, columns, first_token, people


def measured(subject: Subject, window: Window, sql: Sql, part: str, environment: str = "", *more: str) -> str:
    """A SELECT that adds up a subject: `part` (an expression over spans `s`) and `COLUMNS`.

    `more`: further conditions on spans.
    """
    traces = subject.traces
    keys = [f"d{n}" for n in range(len(subject.by))]
    source, columns, first_token, people = rows_of(subject, window, sql, environment, more, {})
    inner = selected(
        [
            f"{part} AS part",
            *(f"{value} AS {name}" for name, value in columns.items()),
            "count() AS n",
            f"{MEASURES['errors'].sql(traces)} AS bad",
            f"{of(TOOK, 'State', 's.duration_ns')} AS took",
            f"{of(FIRST_TOKEN, 'State', first_token)} AS began",
            *(f"{MEASURES[name].sql(traces)} AS sum_{name}" for name in SUMS),
            f"{MEASURES['tokens'].unknown_sql(traces)} AS no_tokens",
            f"{MEASURES['cost'].unknown_sql(traces)} AS no_cost",
            *(f"{of(DIFFERENT, 'State', one)} AS who{n}" for n, one in enumerate(people)),
        ],
        f"{source}\nGROUP BY part, environment, {', '.join(keys)}",
    )
    places = [("", "''"), *((name, f"toString({key})") for name, key in zip(subject.by, keys, strict=True))]
    listed = ", ".join(f"('{name}', {value})" for name, value in places)
    outer = {
        "environment": "environment",
        "subject": f"'{subject.name}'",
        "dimension": "place.1",
        "value": "place.2",
        "found": "sum(n)",
        "failed": "sum(bad)",
        "durations": of(TOOK, "MergeState", "took"),
        "first_tokens": of(FIRST_TOKEN, "MergeState", "began"),
        **{name: f"sum(sum_{name})" for name in SUMS},
        "unknown_tokens": "sum(no_tokens)",
        "unknown_cost": "sum(no_cost)",
        # Of groups nobody asks them, and they are the largest of all.
        "users": of(DIFFERENT, "MergeStateIf", "who0, place.1 = ''"),
        "sessions": of(DIFFERENT, "MergeStateIf", "who1, place.1 = ''"),
    }
    return selected(
        ["part", *(f"{outer[name]} AS r_{name}" for name in COLUMNS)],
        f"FROM (\n{indented(inner)}\n)\nARRAY JOIN [{listed}] AS place\nGROUP BY part, environment, place",
    )


PLAIN = Sums(
    "sightline.hours",
    COLUMNS,
    (
        "sum(r_found) AS found",
        "sum(r_failed) AS failed",
        f"{of(TOOK, 'Merge', 'r_durations')} AS took",
        f"{of(FIRST_TOKEN, 'Merge', 'r_first_tokens')} AS first_token",
        *(f"sum(r_{name}) AS {name}" for name in (*SUMS, "unknown_tokens", "unknown_cost")),
        f"{of(DIFFERENT, 'Merge', 'r_users')} AS users",
        f"{of(DIFFERENT, 'Merge', 'r_sessions')} AS sessions",
    ),
    measured,
)


def adding_up(window: Window, version: int) -> list[Statement]:
    """The statements that add up the whole hours of a window, one after the other.

    `version` is the moment (microseconds) before the first is asked; each hour has its own, counted on from
    it. The last one says that an hour is complete.
    """
    return [*(inserting(window, version, one) for one in SUBJECTS), _completed(window, version)]


def inserting(window: Window, version: int, subject: Subject, sums: Sums | None = None) -> Statement:
    """The statement that adds a subject up into its table."""
    sums = sums or PLAIN
    sql = Sql(window)
    found = sums.measured(subject, window, sql, HOUR_OF)
    columns = [f"r_{name}" for name in sums.columns]
    return sql.statement(
        f"INSERT INTO {sums.table} (project, hour, version, {', '.join(sums.columns)})\n"
        f"{told_apart(sql, window, version, columns)}\nFROM (\n{indented(found)}\n)"
    )


def _completed(window: Window, version: int) -> Statement:
    sql = Sql(window)
    spans = selected(
        [
            f"{HOUR_OF} AS part",
            "count() AS n",
            "min(toDateTime(s.received_at, 'UTC') + toIntervalDay(s.retention_days)) AS gone",
        ],
        f"{sql.spans(AllOf(()))}\nGROUP BY part",
    )
    return sql.statement(
        "INSERT INTO sightline.hours (project, hour, version, found, expires)\n"
        f"{told_apart(sql, window, version, ['n', 'gone'])}\nFROM (\n{indented(spans)}\n)"
    )


def told_apart(sql: Sql, window: Window, version: int, columns: Sequence[str]) -> str:
    """A SELECT of columns behind project, hour and version, which counts on with the hours."""
    first = sql.parameters.value("Int32", window.since // HOUR)
    number = f"{sql.parameters.value('UInt64', version)} + toUInt64(part - {first})"
    return selected(["{project:String}", "part", number, *columns], "").rstrip()


def waiting(now: int) -> Statement:
    """Which hours of which projects are over at `now` (ns), changed and have been quiet since."""
    given = {
        "quiet": now // 1000 - PAUSE,
        "oldest": now // HOUR - KEPT_HOURS,
        "over": now // HOUR,
        "pause": PAUSE,
    }
    return Statement(statement("waiting_hours"), given)


def outdated(now: int) -> Statement:
    """Versions of sums that count no more at `now` (ns) and that no question can still be reading."""
    return Statement(statement("outdated_hours"), {"now": now // 10**9, "before": now // 1000 - _STILL_READ})


def complete(window: Window, now: int) -> Statement:
    """The whole hours of a window that are added up and did not change since: hour and version."""
    given = {
        "project": window.project,
        "first": -(-window.since // HOUR),
        "end": window.until // HOUR,
        "pause": PAUSE,
        "now": now // 10**9,
    }
    return Statement(statement("complete_hours"), given)


def added_up(
    window: Window,
    found: Buckets,
    versions: Sequence[int],
    gaps: Sequence[tuple[int, int]],
    environment: str = "",
    subjects: Sequence[Subject] = SUBJECTS,
    other: tuple[str, Sequence[str]] | None = None,
    sums: Sums = PLAIN,
) -> Statement:
    """The statement that reads the hours of these versions and measures spans in `gaps` (from, until; ns).

    Rows are places (`dimension` 'bucket', '' for all, 'env', or a dimension) by size, with how many of their
    kind there are (`groups`). With `other`, a dimension and values, there is one row: the other values.
    """
    sql = Sql(window)
    numbers = sql.parameters.value("Array(UInt64)", list(versions))
    named = sql.parameters.value("Array(String)", [one.name for one in subjects])
    where = [
        "project = {project:String}",
        f"subject IN {named}",
        f"hour >= {sql.parameters.value('Int32', window.since // HOUR)}",
        f"hour < {sql.parameters.value('Int32', -(-window.until // HOUR))}",
        f"version IN {numbers}",
    ]
    if environment:
        where.append(f"environment = {sql.parameters.value('String', environment)}")
    if other:
        # Environments are told apart in every row.
        kept = "" if other[0] == "env" else other[0]
        where.append(f"dimension = {sql.parameters.value('String', kept)}")
    bucket = bucket_of(found, sql, f"(toInt64(hour) * {HOUR})")
    stored = selected(
        [f"{bucket} AS part", *(f"{name} AS r_{name}" for name in sums.columns)],
        f"FROM {sums.table}\nWHERE\n{indented(f'{chr(10)}AND '.join(where))}",
    )
    parts = [stored]
    if gaps:
        moments = [
            f"(s.start_time >= fromUnixTimestamp64Nano({sql.parameters.value('Int64', since)}, 'UTC')"
            f" AND s.start_time < fromUnixTimestamp64Nano({sql.parameters.value('Int64', until)}, 'UTC'))"
            for since, until in gaps
        ]
        inside = f"({' OR '.join(moments)})"
        parts += [
            sums.measured(one, window, sql, bucket_of(found, sql), environment, inside) for one in subjects
        ]
    rows = "\nUNION ALL\n".join(parts)
    figures = sums.figures
    if other:
        one = "r_environment" if other[0] == "env" else "r_value"
        outside = (
            f"r_dimension = {sql.parameters.value('String', kept)}"
            f" AND NOT has({sql.parameters.value('Array(String)', list(other[1]))}, {one})"
        )
        return sql.statement(
            selected(
                ["any(r_subject) AS subject", "any(r_dimension) AS dimension", *figures],
                f"FROM (\n{indented(rows)}\n)\nWHERE {outside}",
            )
        )
    places = "[('bucket', toString(part)), ('', ''), ('env', r_environment)]"
    return sql.statement(
        selected(
            [
                "r_subject AS subject",
                "place.1 AS dimension",
                "place.2 AS value",
                *figures,
                "count() OVER (PARTITION BY subject, dimension) AS groups",
            ],
            f"FROM (\n{indented(rows)}\n)\n"
            f"ARRAY JOIN if(r_dimension = '', {places}, [(r_dimension, r_value)]) AS place\n"
            "GROUP BY subject, dimension, value\nORDER BY found DESC, subject, dimension, value\n"
            f"LIMIT {sql.parameters.value('UInt32', LARGEST)} BY subject, dimension",
        )
    )
