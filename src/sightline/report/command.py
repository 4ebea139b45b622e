"""`sightline report`: what files say, in a terminal, as HTML, Markdown or JSON. It needs no server."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import sys
import time
from pathlib import Path
from typing import Any

import click

from sightline.report.any_log import FieldError, mappings, moment
from sightline.report.figures import Report
from sightline.report.reading import Wanted, read
from sightline.report.sources import SourceError, files
from sightline.report.text import markdown, show
from sightline.report.thresholds import ThresholdError, figures, threshold

BROKEN, WRONG = 1, 2
_AGO = re.compile(r"-([0-9]+(?:\.[0-9]+)?)(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
SCHEMA = 1


def when(text: str, now: int) -> int:
    """A moment in ns: ISO 8601 (without a zone: UTC), seconds since 1970, or `-24h`.

    Raises click.UsageError.
    """
    ago = _AGO.fullmatch(text)
    if ago:
        return now - round(float(ago[1]) * _SECONDS[ago[2]] * 1e9)
    found = moment(text)
    if found is None:
        raise click.UsageError(f"{text!r} is no moment; write 2026-11-26, 2026-11-26T12:00Z or -24h.")
    return found


def as_json(report: Report) -> dict[str, Any]:
    """The report for programs; times and durations in ns, `figures` as `--fail-if` has them."""
    document: dict[str, Any] = dataclasses.asdict(report)
    for name in ("requests", "calls"):
        document[name]["error_rate"] = getattr(report, name).error_rate
    document["errors"] = [{"type": kind, "count": count} for kind, count in report.errors]
    document["reading"]["fields"] = [
        {"field": f, "name": n, "records": c} for f, n, c in report.reading.fields
    ]
    return {"schema": SCHEMA, "figures": figures(report), **document}


@click.command("report")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@click.option("--html", "html_file", metavar="FILE", help="Write a page with charts: one file, no scripts.")
@click.option("--markdown", "markdown_file", metavar="FILE", help="Write Markdown.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON instead of tables.")
@click.option("--since", metavar="TIME", help="Only what began then or later: 2026-11-26T12:00Z, or -24h.")
@click.option("--until", metavar="TIME", help="Only what began before.")
@click.option(
    "--top",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    help="How many slowest and dearest calls.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="FIELD=NAME",
    help="Take NAME for a field: latency=took:ms, user=customer.id.",
)
@click.option(
    "--fail-if",
    "limits",
    multiple=True,
    metavar="TEST",
    help="End with 1 when it is true: error_rate>0.02, latency_p95>2s, cost>5.",
)
@click.option("--no-prices", is_flag=True, help="Only costs that the files report.")
def report_command(
    paths: tuple[str, ...],
    html_file: str | None,
    markdown_file: str | None,
    json_wanted: bool,
    since: str | None,
    until: str | None,
    top: int,
    fields: tuple[str, ...],
    limits: tuple[str, ...],
    no_prices: bool,
) -> None:
    """Report on FILES of telemetry or logs: requests, errors, latency, tokens, cost.

    FILES are those of the SDK (`sightline.init(file=…)`), any OTLP in JSON lines, or logs in JSON whose
    fields have names that are known (or said with --field): lines, or an array; plain or .gz; with those they
    were rotated into; folders, patterns, - for standard input.

    \b
      sightline report calls.jsonl --html report.html
      sightline report logs/ --since -24h --fail-if 'error_rate>0.02' --fail-if 'latency_p95>5s'
      sightline report app.log --field latency=took:ms --field user=customer.id

    Exit codes: 1 a --fail-if is true, 2 the command is wrong or nothing could be read.
    """
    now = time.time_ns()
    try:
        bounds = [threshold(text) for text in limits]
        wanted = Wanted(
            fields=mappings(fields),
            since=when(since, now) if since else None,
            until=when(until, now) if until else None,
            top=top,
            prices=not no_prices,
        )
    except (FieldError, ThresholdError) as error:
        raise click.UsageError(str(error)) from error
    report = _read(paths, wanted)
    if html_file:
        from sightline.report.page import page

        _write(html_file, page(report, now))
    if markdown_file:
        _write(markdown_file, markdown(report))
    if json_wanted:
        click.echo(json.dumps(_finite(as_json(report)), ensure_ascii=False))
    elif not {html_file, markdown_file} & {"-"}:
        show(report)
    broken = [why for one in bounds if (why := one.broken(report))]
    for why in broken:
        click.echo(f"Failed: {why}", err=True)
    if broken:
        raise SystemExit(BROKEN)


def _read(paths: tuple[str, ...], wanted: Wanted) -> Report:
    try:
        chosen = files(paths)
        report = read(chosen, wanted, _progress)
    except SourceError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(WRONG) from error
    finally:
        if sys.stderr.isatty():
            click.echo("\r\x1b[K", err=True, nl=False)
    reading = report.reading
    if not reading.spans and not reading.records:
        why = f" The first: {reading.reasons[0]}." if reading.reasons else ""
        if reading.outside:
            why = f" {reading.outside:,} are outside of the time asked for."
        click.echo(f"Error: there is nothing to report on in {', '.join(chosen[:5])}.{why}", err=True)
        raise SystemExit(WRONG)
    return report


def _progress(values: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{values:,} read", err=True, nl=False)


def _write(name: str, text: str) -> None:
    if name == "-":
        click.echo(text, nl=False)
        return
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        click.echo(f"Error: {name} cannot be written: {error.strerror or error}.", err=True)
        raise SystemExit(WRONG) from error
    click.echo(f"{name} is written.", err=True)


def _finite(value: Any) -> Any:
    """Numbers that JSON has no sign for as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, list | tuple) else value
