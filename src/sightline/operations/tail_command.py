"""`sightline tail`: what arrives, as it arrives."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import click
from rich.console import Console

from sightline.client import Client, Refused, Span, TraceSummary, Unreachable
from sightline.operations.remote import KEY, PROJECT, URL, asking
from sightline.operations.terminal_lines import (
    SPAN_HEADS,
    TRACE_HEADS,
    coloured,
    padded,
    span_line,
    trace_line,
)
from sightline.records.visible import shown

# Rows become visible some time after they are digested: each look reaches back so far (s) before the last.
_OVERLAP = 5
_REMEMBERED = 50_000
# A trace whose beginning does not come is shown after so many looks.
_PATIENCE = 5
_AT_ONCE = 500
Record = Span | TraceSummary


@dataclass
class Watch:
    """What was shown already, and what waits for the beginning of its trace."""

    client: Client
    text: str
    spans: bool
    environment: str
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, None] = field(default_factory=dict)
    _waiting: dict[str, int] = field(default_factory=dict)
    _last: float | None = None

    def latest(self, count: int) -> list[Record]:
        """The newest there are, oldest first; all that is there counts as shown."""
        self._last = self.clock()
        found = self._listed(self.text, max(count, 1))[:count]
        for record in (*found, *self._listed(self._arrived(_OVERLAP), _AT_ONCE)):
            self._remember(_key(record))
        return found[::-1]

    def arrived(self) -> tuple[list[Record], bool]:
        """What arrived since the last look, oldest first, and whether there was more than can be shown."""
        now = self.clock()
        reach = int(now - (now if self._last is None else self._last)) + _OVERLAP
        found = self._listed(self._arrived(reach), _AT_ONCE)
        self._last = now
        fresh = [record for record in found if self._ready(record)]
        for record in fresh:
            self._remember(_key(record))
        fresh.sort(key=lambda record: record.start_time)
        return fresh, len(found) == _AT_ONCE

    def _arrived(self, seconds: int) -> str:
        condition = f"digested>=-{seconds}s"
        return f"({self.text}) {condition}" if self.text.strip() else condition

    def _listed(self, text: str, most: int) -> list[Record]:
        if self.spans:
            return [
                *self.client.spans(text, "-24h", environment=self.environment, page=min(most, 500)).first(
                    most
                )
            ]
        return [
            *self.client.traces(text, "-24h", environment=self.environment, page=min(most, 500)).first(most)
        ]

    def _ready(self, record: Record) -> bool:
        key = _key(record)
        if key in self._seen:
            return False
        if isinstance(record, Span) or record.more.get("root_received", True):
            return True
        self._waiting[key] = self._waiting.get(key, 0) + 1
        return self._waiting[key] > _PATIENCE

    def _remember(self, key: str) -> None:
        self._waiting.pop(key, None)
        self._seen[key] = None
        while len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]


def _key(record: Record) -> str:
    return f"{record.trace_id} {record.span_id}" if isinstance(record, Span) else record.trace_id


def looks(watch: Watch, last: int, every: float, wait: Callable[[float], Any]) -> Iterator[list[Record]]:
    """What to show, look after look, for ever. A server that is away is waited for."""
    yield watch.latest(last)
    away = False
    while True:
        wait(every)
        try:
            found, more = watch.arrived()
        except (Unreachable, Refused) as error:
            if isinstance(error, Refused) and error.status < 500 and error.status != 429:
                raise
            if not away:
                click.echo(f"{error} Waiting for it …", err=True)
            away = True
            continue
        if away:
            click.echo("It answers again.", err=True)
            away = False
        if more:
            click.echo(f"More than {_AT_ONCE} at a time; a narrower filter shows all.", err=True)
        yield found


@click.command("tail")
@click.argument("text", metavar="[FILTER]", default="")
@click.option("--q", "q", default="", help="The same filter, as an option.", hidden=True)
@click.option("--spans", is_flag=True, help="A line for each span instead of each trace.")
@click.option(
    "--last",
    "-n",
    type=click.IntRange(0, 500),
    default=10,
    show_default=True,
    help="Begin with so many that are there.",
)
@click.option("--environment", default="", help="Only this environment.")
@click.option(
    "--every", type=click.FloatRange(0.2, 60), default=1.0, show_default=True, help="Seconds between looks."
)
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each.")
@PROJECT
@URL
@KEY
def tail_command(
    text: str, q: str, spans: bool, last: int, environment: str, every: float, as_json: bool, project: str,
    url: str, key: str,
) -> None:  # fmt: skip
    """Show traces, or spans, as they arrive, until Ctrl-C. A FILTER chooses among them.

    \b
      sightline tail
      sightline tail 'kind:llm error' --spans

    Exit codes: 1 the command is wrong, 2 the filter is, 3 the server cannot answer.
    """
    text = text or q
    heads = SPAN_HEADS if spans else TRACE_HEADS
    console = Console(no_color=not coloured(), highlight=False, soft_wrap=True)
    with asking(url, key, project, text) as client:
        watch = Watch(client, text, spans, environment)
        try:
            for number, found in enumerate(looks(watch, last, every, time.sleep)):
                for record in found:
                    if as_json:
                        click.echo(json.dumps(_plain(record), default=str))
                    else:
                        cells = span_line(record) if isinstance(record, Span) else trace_line(record)
                        console.print(padded(heads, cells), crop=False, overflow="ignore")
                if number == 0:
                    click.echo(f"Watching {shown(client.transport.url)} until Ctrl-C.", err=True)
        except KeyboardInterrupt:
            click.echo("", err=True)


def _plain(record: Record) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in record.__slots__ if name != "more"}
    return {**values, **record.more, "start_time": record.start_time.isoformat()}
