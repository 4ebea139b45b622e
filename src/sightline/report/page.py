"""A report as one page of HTML: charts as SVG, no script, light and dark, a phone's width, and paper."""

from __future__ import annotations

from html import escape
from pathlib import Path

from sightline.report import words
from sightline.report.charts import Series, columns, lines, ranked
from sightline.report.figures import Report
from sightline.report.tables import NOT_SET, Table, about, head_figures, tables, taken

_STYLE = Path(__file__).with_name("page.css")


def page(report: Report, now: int) -> str:
    """The page; `now` in ns. All foreign text is escaped."""
    figures = "".join(
        f'<div class="figure"><dt>{escape(label)}</dt><dd class="value">{escape(value)}</dd>'
        f'<dd class="beside">{escape(beside)}</dd></div>'
        for label, value, beside in head_figures(report)
    )
    shown = "".join(_section(title, body) for title, body in _charts(report))
    told = "".join(_table(t) for t in (*tables(report), *filter(None, [taken(report)])))
    sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in about(report))
    span = (
        f"{words.moment(report.since, False)} to {words.moment(report.until, False)} UTC · "
        if report.since
        else ""
    )
    # No script, nothing from elsewhere: whatever foreign text says, the page can do nothing.
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>Report</title><style>{_STYLE.read_text()}</style></head><body><main><h1>Report</h1>"
        f'<p class="sub">{escape(span)}written {escape(words.moment(now, False))} UTC</p>'
        f'<dl class="figures">{figures}</dl><div class="charts">{shown}</div>{told}'
        f'<section><h2>What was read</h2><ul class="about">{sentences}</ul></section></main></body></html>\n'
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _key(*entries: tuple[str, str]) -> str:
    return (
        '<ul class="key">'
        + "".join(f'<li><i class="{look}"></i>{escape(name)}</li>' for look, name in entries)
        + "</ul>"
    )


def _charts(report: Report) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    buckets = report.over_time
    if len(buckets) > 1:
        marks = [words.short_moment(b.start, report.step) for b in buckets]
        each = f"each {words.stretch(report.step)}"
        good = Series("succeeded", [b.count - b.errors for b in buckets], "s1")
        bad = Series("failed", [b.errors for b in buckets], "err")
        found.append(
            (
                f"Requests, {each}",
                columns("Requests over time", marks, [good, bad], words.count)
                + _key(("s1", "succeeded"), ("err", "failed")),
            )
        )
        if any(b.p50 is not None for b in buckets):
            p50, p95 = (
                Series("p50", [b.p50 for b in buckets], "s1"),
                Series("p95", [b.p95 for b in buckets], "s2"),
            )
            found.append(
                (
                    f"Latency, {each}",
                    lines("Latency over time", marks, [p50, p95], words.duration)
                    + _key(("s1", "p50"), ("s2", "p95")),
                )
            )
        for name, values, unit in (
            ("Tokens", [b.tokens for b in buckets], words.count),
            ("Cost", [b.cost for b in buckets], words.money),
        ):
            if any(values):
                found.append(
                    (
                        f"{name}, {each}",
                        columns(f"{name} over time", marks, [Series(name, values, "s1")], unit),
                    )
                )
    if report.latencies:
        marks = [words.duration(b.least) for b in report.latencies]
        bars = Series("calls", [b.count for b in report.latencies], "s1")
        found.append(("How long calls take", columns("Distribution of latency", marks, [bars], words.count)))
    for title, groups in (
        ("Cost by model", report.models),
        ("Cost by user", report.users),
        ("Cost by feature", report.features),
    ):
        rows = [(g.name or NOT_SET, g.sums.cost, words.money(g.sums.cost)) for g in groups if g.sums.cost][:8]
        if rows:
            found.append((title, ranked(title, [(n, c or 0.0, w) for n, c, w in rows])))
    return found


def _table(table: Table) -> str:
    if not table.rows:
        return _section(table.title, f"<p>{escape(table.note)}</p>")
    heads = "".join(
        f'<th scope="col"{" class=n" if number else ""}>{escape(head)}</th>'
        for head, number in zip(table.heads, table.numbers, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td class="{"n" if number else "w"}">{escape(cell)}</td>'
            for cell, number in zip(row, table.numbers, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    long = ' class="long"' if len(table.rows) > 12 else ""
    # A wide table is scrolled by itself; the keyboard reaches it, too.
    return (
        f"<section{long}><h2>{escape(table.title)}</h2>"
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(table.title)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )
