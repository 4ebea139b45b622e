"""A report as titled tables of texts: what the terminal, Markdown and HTML have in common."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.records.visible import one_line
from sightline.report import words
from sightline.report.figures import Group, Line, Report, Spread, Sums

NOT_SET = "(not set)"


@dataclass(frozen=True, slots=True)
class Table:
    """`numbers`: which columns are numbers, to be set flush right."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]
    note: str = ""


def head_figures(report: Report) -> list[tuple[str, str, str]]:
    """The first figures: label, value, and what stands beside it."""
    calls, requests, failed = report.calls, report.requests, _failed(report)
    shown = requests if requests.count else calls
    latency = (calls if calls.count else requests).latency
    measured = "calls" if calls.count else "requests"
    first = calls.ttft
    tokens = (
        None if calls.input is None and calls.output is None else (calls.input or 0) + (calls.output or 0)
    )
    return [
        (
            "requests",
            words.count(shown.count),
            words.counted(calls.count, "call of a model", "calls of models"),
        ),
        (
            "errors",
            words.count(failed.errors),
            f"{words.percent(failed.error_rate)} of {'calls' if failed is calls else 'requests'}",
        ),
        (
            "latency p95",
            words.duration(latency.p95 if latency else None),
            f"p50 {words.duration(latency.p50 if latency else None)}, of {measured}",
        ),
        (
            "first token p95",
            words.duration(first.p95 if first else None),
            f"p50 {words.duration(first.p50)}" if first else "nobody told it",
        ),
        ("tokens", words.count(tokens), f"{words.count(calls.input)} in, {words.count(calls.output)} out"),
        ("cost", words.money(calls.cost), _unknown_cost(report)),
    ]


def _failed(report: Report) -> Sums:
    """Whose errors come first: the calls', where any of them failed or no request did."""
    return (
        report.calls
        if report.calls.count and report.calls.errors >= report.requests.errors
        else report.requests
    )


def _unknown_cost(report: Report) -> str:
    if report.calls.unknown_cost:
        return f"{words.counted(report.calls.unknown_cost, 'call')} without a known cost"
    return "all calls" if report.calls.cost is not None else "nobody reported it"


def tables(report: Report) -> list[Table]:
    """All tables that have something to say."""
    found = [_latency(report)]
    if report.errors:
        rows = tuple((one_line(name, 90), words.exact(n)) for name, n in report.errors[:20])
        found.append(Table("Errors by type", ("type", "count"), rows, (False, True)))
    for title, head, groups in (
        ("By model", "model", report.models),
        ("By user", "user", report.users),
        ("By feature", "feature", report.features),
    ):
        if groups:
            found.append(_groups(title, head, groups))
    if report.answers.seen:
        found.append(_answers(report))
    if report.slowest:
        found.append(_lines("Slowest calls", report.slowest))
    if report.dearest:
        found.append(_lines("Dearest calls", report.dearest))
    return found


def _latency(report: Report) -> Table:
    rows = []
    for name, spread in (
        ("requests", report.requests.latency),
        ("calls of models", report.calls.latency),
        ("first token", report.calls.ttft),
    ):
        if spread is not None:
            rows.append((name, words.exact(spread.count), *map(words.duration, _quantiles(spread))))
    heads = ("", "measured", "mean", "p50", "p90", "p95", "p99", "longest")
    return Table(
        "Latency", heads, tuple(rows), (False, *[True] * 7), "" if rows else "No durations are known."
    )


def _quantiles(spread: Spread) -> tuple[float, ...]:
    return spread.mean, spread.p50, spread.p90, spread.p95, spread.p99, spread.most


def _groups(title: str, head: str, groups: tuple[Group, ...]) -> Table:
    rows = []
    for group in groups:
        s = group.sums
        rows.append(
            (
                one_line(group.name, 60) or NOT_SET,
                words.exact(s.count),
                words.percent(s.error_rate),
                words.duration(s.latency.p50 if s.latency else None),
                words.duration(s.latency.p95 if s.latency else None),
                words.count(s.input),
                words.count(s.output),
                words.money(s.cost),
            )
        )
    heads = (head, "calls", "errors", "p50", "p95", "tokens in", "tokens out", "cost")
    return Table(title, heads, tuple(rows), (False, *[True] * 7))


def _answers(report: Report) -> Table:
    a = report.answers
    length = a.length
    rows = [
        ("seen", words.exact(a.seen)),
        ("empty", f"{words.exact(a.empty)} ({words.percent(a.empty_rate)})"),
        ("not in the files, or calls of tools", words.exact(a.unseen)),
    ]
    if length:
        rows += [
            ("characters p50", words.exact(length.p50)),
            ("characters p95", words.exact(length.p95)),
            ("longest", words.exact(length.most)),
        ]
    return Table("Answers", ("", ""), tuple(rows), (False, True))


def _lines(title: str, lines: tuple[Line, ...]) -> Table:
    rows = tuple(
        (
            words.moment(line.time),
            words.duration(line.duration),
            words.money(line.cost),
            one_line(line.model, 40),
            one_line(line.user, 30),
            one_line(line.error, 30),
            one_line(line.trace or line.span, 36),
            one_line(line.excerpt or line.name, 100),
        )
        for line in lines
    )
    heads = ("when (UTC)", "took", "cost", "model", "user", "error", "trace", "asked")
    return Table(title, heads, rows, (False, True, True, False, False, False, False, False))


def about(report: Report) -> list[str]:
    """What was read and how, in sentences."""
    r = report.reading
    said = []
    what = [f"{r.spans:,} span{'s' * (r.spans != 1)}"] * bool(r.spans)
    what += [f"{r.records:,} record{'s' * (r.records != 1)}"] * bool(r.records)
    said.append(f"{' and '.join(what) or 'Nothing'} from {len(r.files):,} file{'s' * (len(r.files) != 1)}.")
    if report.since is not None:
        said.append(f"From {words.moment(report.since)} to {words.moment(report.until)} UTC.")
    if report.sampled:
        said.append(
            "The files are a sample: counts and sums are estimates, each span counted with its weight."
        )
    if r.copies:
        said.append(f"{words.counted(r.copies, 'copy of a span was', 'copies of spans were')} counted once.")
    if r.outside:
        said.append(f"{r.outside:,} are outside of the time asked for, or tell none.")
    if r.other_signals:
        said.append(
            f"{words.counted(r.other_signals, 'line holds', 'lines hold')} logs, scores or metrics, "
            "which this report does not read."
        )
    if r.unreadable:
        said.append(
            f"{r.unreadable:,} could not be read; the first: "
            + "; ".join(one_line(x, 200) for x in r.reasons[:3])
            + "."
        )
    if report.prices:
        said.append(f"Costs that nobody reported are computed from {report.prices}.")
    said += [f"{note[:1].upper()}{note[1:]}." for note in r.notes]
    return said


def taken(report: Report) -> Table | None:
    """Which names were taken for what, for logs that are no OTLP."""
    rows = tuple((field, one_line(path, 60), f"{n:,}") for field, path, n in report.reading.fields)
    return (
        Table("Taken for", ("field", "name in the files", "records"), rows, (False, False, True))
        if rows
        else None
    )
