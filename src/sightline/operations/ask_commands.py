"""`sightline query` and `sightline export`: what a server knows, in a terminal or a file."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sightline.client import Client, Incomplete
from sightline.client.client import FORMATS
from sightline.operations.remote import KEY, PROJECT, UNABLE, URL, WRONG, asking
from sightline.operations.terminal_lines import coloured, figure, fitting, span_cells, trace_cells
from sightline.query.export_sql import FORMULA, Form, Shape
from sightline.records.visible import one_line, shown

_SQL = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(select|with|show|describe|desc|explain)\b", re.I | re.S
)
_CELL = 120
# Columns where the output is no terminal: nothing is cut off in a file.
_WIDE = 500
Rows = tuple[Sequence[str], Iterable[Sequence[Any]]]


@click.command("query")
@click.argument("text", metavar="FILTER|SQL", default="")
@click.option(
    "--target",
    type=click.Choice(["traces", "spans"]),
    default="traces",
    show_default=True,
    help="What is listed or measured.",
)
@click.option(
    "--measure",
    default="",
    help="Figures instead of a list: count, errors, cost, duration.p95, …; several with commas.",
)
@click.option("--by", default="", help="Group figures by fields, with commas: model, kind, attr.squad, …")
@click.option("--since", default="-24h", show_default=True, help="From: 2026-11-25T12:00Z, or before now.")
@click.option("--until", default="", help="Up to, without.  [default: now]")
@click.option("--environment", default="", help="Only this environment.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="Most rows of a list."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="How it is written.",
)
@PROJECT
@URL
@KEY
def query_command(
    text: str, target: str, measure: str, by: str, since: str, until: str, environment: str, limit: int,
    form: str, project: str, url: str, key: str,
) -> None:  # fmt: skip
    """List what a FILTER chooses, measure it, or run one SELECT of SQL.

    \b
      sightline query 'kind:llm duration>2s' --target spans
      sightline query 'env:production' --measure count,cost,duration.p95 --by model
      sightline query 'SELECT name, count() FROM spans GROUP BY name'

    Exit codes: 1 the command is wrong, 2 the filter or the SQL is, 3 the server cannot answer.
    """
    with asking(url, key, project, text) as client:
        if _SQL.match(text):
            table = client.sql(text)
            write(form, (table.columns, [[row[c] for c in table.columns] for row in table.rows]))
            if table.truncated:
                click.echo(
                    "There are more rows than the server answers at once; add a LIMIT or conditions.",
                    err=True,
                )
        elif measure or by:
            write(
                form, _figures(client, text, target, measure or "count", by, since, until, environment, form)
            )
        else:
            cells, rows = _listed(client, target, (text, since, until or None), environment, limit)
            write(form, cells if form == "table" else rows)


def _listed(
    client: Client, target: str, asked: tuple[str, str, str | None], environment: str, limit: int
) -> tuple[Rows, Rows]:
    page = min(limit, 500)
    if target == "traces":
        traces = client.traces(*asked, environment=environment, page=page).first(limit)
        return trace_cells(traces), _records(traces)
    spans = client.spans(*asked, environment=environment, page=page).first(limit)
    return span_cells(spans), _records(spans)


def _records(found: Sequence[Any]) -> Rows:
    rows = [{**_plain(record), **record.more} for record in found]
    heads = list(dict.fromkeys(name for row in rows for name in row))
    return heads, [[row.get(name) for name in heads] for row in rows]


def _plain(record: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if hasattr(value := getattr(record, name), "isoformat") else value
        for name in record.__slots__
        if name != "more"
    }


def _figures(
    client: Client, text: str, target: str, measure: str, by: str, since: str, until: str, environment: str,
    form: str,
) -> Rows:  # fmt: skip
    series = client.series(
        measure, text, by=[b for b in by.split(",") if b], since=since, until=until or None,
        target=target, environment=environment,
    )  # fmt: skip
    units = {one["name"]: one["unit"] for one in series.more["measures"]}
    names = list(units)
    dimensions = list(series.more["by"])

    def line(row: Mapping[str, Any], said: Sequence[Any]) -> list[Any]:
        values = {name: row["figures"][name]["value"] for name in names}
        if form == "table":
            said = ["not set" if word is None else word for word in said]
            return [*said, *(figure(value, units[name]) for name, value in values.items())]
        return [*said, *values.values()]

    rows = [
        line(row, ["other", *[""] * (len(dimensions) - 1)] if row["other"] else row["values"])
        for row in series.rows
    ]
    if dimensions:
        rows.append(line(series.more["whole"], ["all", *[""] * (len(dimensions) - 1)]))
    else:
        rows = [line(series.more["whole"], [])]
    return [*dimensions, *names], rows


def write(form: str, found: Rows) -> None:
    """A table for people, or JSON or CSV for programs. What is not known is empty, in JSON null."""
    heads, lines = found
    if form == "json":
        click.echo(json.dumps([dict(zip(heads, line, strict=True)) for line in lines], default=str))
    elif form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows([[_defused(cell) for cell in line] for line in lines])
        click.echo(text.getvalue(), nl=False)
    else:
        _table(
            heads,
            [[cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in line] for line in lines],
        )


def _table(heads: Sequence[str], lines: Sequence[Sequence[Text]]) -> None:
    console = Console(no_color=not coloured())
    if not console.is_terminal:
        console = Console(width=_WIDE, no_color=True)
    shown_heads = fitting(heads, lines, console.width)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in shown_heads:
        given = next((line[heads.index(head)].justify for line in lines), None)
        table.add_column(head, no_wrap=True, overflow="ellipsis", justify=given or "left")
    for line in lines:
        table.add_row(*(line[heads.index(head)] for head in shown_heads))
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.6g}"
    return one_line(value if isinstance(value, str) else json.dumps(value, default=str), _CELL)


def _defused(value: Any) -> Any:
    """A cell of CSV: text that a spreadsheet would run is text there too."""
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    if isinstance(value, str):
        return shown(f"'{value}" if value.startswith(FORMULA) else value)
    return value


@click.command("export")
@click.argument("text", metavar="[FILTER]", default="")
@click.option("--output", "-o", required=True, help="The file, or - for standard output.")
@click.option(
    "--format", "form", type=click.Choice([f.value for f in Form]), help="Its format.  [default: by its name]"
)
@click.option(
    "--target",
    type=click.Choice([s.value for s in Shape]),
    default="spans",
    show_default=True,
    help="Rows; traces: every span of the traces that match.",
)
@click.option("--since", default="-24h", show_default=True, help="From: 2026-11-25T12:00Z, or before now.")
@click.option("--until", default="", help="Up to, without.  [default: now]")
@click.option("--environment", default="", help="Only this environment.")
@click.option("--content/--no-content", default=True, show_default=True, help="Prompts and answers too.")
@PROJECT
@URL
@KEY
def export_command(
    text: str, output: str, form: str | None, target: str, since: str, until: str, environment: str,
    content: bool, project: str, url: str, key: str,
) -> None:  # fmt: skip
    """Write what a FILTER chooses into a file: Parquet, CSV, JSON lines or OTLP.

    \b
      sightline export 'kind:llm' -o calls.parquet --since -7d
      sightline export --target traces -o day.otlp

    Exit codes: 1 the command is wrong, 2 the filter is, 3 the server cannot answer or broke off.
    """
    chosen = form or FORMATS.get(Path(output).suffix, "")
    if not chosen:
        raise click.UsageError(f"Say the --format, or end the name in one of {', '.join(FORMATS)}.")
    asked = {"target": target, "format": chosen, "environment": environment, "content": content}
    with asking(url, key, project, text) as client:
        try:
            if output == "-":
                count, pieces = client.exported(text, since, until or None, **asked)  # type: ignore[arg-type]
                for piece in pieces:
                    sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
            else:
                count = client.export(output, text, since, until or None, **asked)  # type: ignore[arg-type]
        except Incomplete as error:
            click.echo(f"Error: {error} Nothing was kept.", err=True)
            raise SystemExit(UNABLE) from error
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            click.echo(f"Error: {output} cannot be written: {error.strerror or error}.", err=True)
            raise SystemExit(WRONG) from error
    words = {"logs": "log records"}.get(target, target)
    size = "" if output == "-" else f" into {output} ({os.stat(output).st_size / 2**20:,.1f} MiB)"  # noqa: PTH116
    click.echo(shown(f"{count:,} {words}{size}."), err=True)
