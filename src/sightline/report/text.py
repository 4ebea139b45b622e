"""A report in a terminal: with rich where it is installed, plain otherwise; and as Markdown."""

from __future__ import annotations

import re

import click

from sightline.report.figures import Report
from sightline.report.tables import Table, about, head_figures, tables, taken

_WIDTH = 110
_MARKED = re.compile(r"([\\`*_{}\[\]<>()#+|~!])")


def plain(report: Report, width: int = _WIDTH) -> str:
    """Aligned text without colours."""
    parts = [
        "\n".join(f"{label:<16} {value:>12}   {beside}" for label, value, beside in head_figures(report))
    ]
    for table in (*tables(report), *filter(None, [taken(report)])):
        parts.append(f"{table.title}\n{_aligned(table, width)}")
    parts.append("\n".join(about(report)))
    return "\n\n".join(parts) + "\n"


def _aligned(table: Table, width: int) -> str:
    if not table.rows:
        return f"  {table.note}"
    widths = [max(len(row[i]) for row in (table.heads, *table.rows)) for i in range(len(table.heads))]
    # The last column of words gives way where a line is too long.
    spare = width - sum(widths) - 2 * len(widths)
    if spare < 0 and not table.numbers[-1]:
        widths[-1] = max(12, widths[-1] + spare)
    lines = []
    for row in (table.heads, *table.rows):
        cells = [
            _cut(cell, size).rjust(size) if number else _cut(cell, size).ljust(size)
            for cell, size, number in zip(row, widths, table.numbers, strict=True)
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(line for line in lines if line.strip())


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…"


def show(report: Report) -> None:
    """Print it: with rich on a terminal, plain otherwise."""
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text
    except ModuleNotFoundError:
        click.echo(plain(report), nl=False)
        return
    console = Console()
    if not console.is_terminal:
        click.echo(plain(report), nl=False)
        return
    grid = RichTable.grid(padding=(0, 3))
    for label, value, beside in head_figures(report):
        grid.add_row(Text(label, "dim"), Text(value, "bold", justify="right"), Text(beside, "dim"))
    console.print(grid)
    for table in (*tables(report), *filter(None, [taken(report)])):
        drawn = RichTable(title=table.title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for at, (head, number) in enumerate(zip(table.heads, table.numbers, strict=True)):
            last = at == len(table.heads) - 1
            drawn.add_column(
                head,
                justify="right" if number else "left",
                no_wrap=True,
                overflow="ellipsis",
                ratio=1 if last and not number else None,
            )
        for row in table.rows:
            drawn.add_row(*map(Text, row))
        console.print(drawn if table.rows else Text(f"{table.title}: {table.note}"))
    for sentence in about(report):
        console.print(Text(sentence, "dim"))


def markdown(report: Report) -> str:
    """The report as Markdown; foreign text cannot format anything."""
    parts = ["# Report"]
    rows = [
        f"| {_safe(label)} | {_safe(value)} | {_safe(beside)} |"
        for label, value, beside in head_figures(report)
    ]
    parts.append("\n".join(("| | | |", "|---|---:|---|", *rows)))
    for table in (*tables(report), *filter(None, [taken(report)])):
        if not table.rows:
            parts.append(f"## {table.title}\n\n{table.note}")
            continue
        marks = "|".join("---:" if number else "---" for number in table.numbers)
        lines = [f"| {' | '.join(map(_safe, row))} |" for row in (table.heads, *table.rows)]
        parts.append("\n".join((f"## {table.title}", "", lines[0], f"|{marks}|", *lines[1:])))
    parts.append("\n".join(f"- {_safe(sentence)}" for sentence in about(report)))
    return "\n\n".join(parts) + "\n"


def _safe(text: str) -> str:
    return _MARKED.sub(r"\\\1", text.replace("\n", " ")).replace("&", "&amp;")
