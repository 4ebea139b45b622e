"""`sightline import`: files of telemetry to a server, through the door that senders use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from sightline.client import ClientError, Refused, Unreachable
from sightline.client.transport import Transport
from sightline.operations.file_errors import FileError
from sightline.operations.remote import KEY, URL
from sightline.operations.telemetry_files import Request, requests
from sightline.records.ingest import IMPORT_HEADER, Signal
from sightline.records.visible import shown
from sightline.report.sources import rotated

# Refusals that concern every request, so that going on would only repeat them.
_FOR_ALL = {401, 403, 404, 421}
_SHOWN = 20


@dataclass(slots=True)
class Told:
    """What became of the requests so far."""

    sent: int = 0
    refused: int = 0
    rejected: int = 0
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """Remember one, and say it at once; after some only count."""
        self.faults.append(text)
        if len(self.faults) <= _SHOWN:
            click.echo(shown(text), err=True)
        elif len(self.faults) == _SHOWN + 1:
            click.echo("… more of them are counted and not shown.", err=True)


def send(transport: Transport, request: Request, name: str, told: Told) -> None:
    """Send one request. Raises what concerns all of them: Unreachable, and Refused for lack of rights."""
    place = f"{name}, line {request.line}"
    if request.fault:
        told.refused += 1
        told.fault(f"{place}: {request.fault}")
        return
    try:
        answer = transport.request(
            "POST",
            f"/v1/{request.signal.value}",
            None,
            request.body,
            {"content-type": request.media, IMPORT_HEADER: "1"},
        )
    except Refused as error:
        if error.status in _FOR_ALL or error.status in (429, 503):
            raise
        told.refused += 1
        told.fault(f"{place}: refused: {_reason(error)}")
        return
    told.sent += 1
    rejected, reason = partial(answer.body)
    if rejected:
        told.rejected += rejected
        told.fault(f"{place}: {rejected} were rejected: {reason}")


def _reason(error: Refused) -> str:
    """What the server said; to protobuf it answers in protobuf."""
    if error.detail:
        return error.detail
    try:
        from google.protobuf.message import DecodeError
        from google.rpc.status_pb2 import Status
    except ModuleNotFoundError:
        return str(error)
    try:
        return str(Status.FromString(error.body).message) or str(error)
    except DecodeError:
        return str(error)


def partial(body: bytes) -> tuple[int, str]:
    """How many items of a request were rejected, and why; 0 for a whole success."""
    try:
        success = json.loads(body).get("partialSuccess", {})
    except (ValueError, AttributeError):
        return 0, ""
    counts = [int(v) for k, v in success.items() if k.startswith("rejected") and str(v).isdecimal()]
    return sum(counts), str(success.get("errorMessage", ""))


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@URL
@KEY
@click.option(
    "--signal",
    type=click.Choice([s.value for s in Signal]),
    help="What protobuf holds.  [default: by name, else traces]",
)
@click.option(
    "--from-line",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Go on from this line of the first file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def import_command(
    files: tuple[Path, ...], url: str, key: str, signal: str | None, from_line: int, as_json: bool
) -> None:
    """Send FILES of telemetry to a server, without doubles.

    OTLP as JSON lines or protobuf (gzip or not), files of the SDK, or Parquet of `sightline export`.

    A file that was rotated comes with the files it was set aside as. Ids, times and attributes stay as they
    are; the key decides which project they go to. What was imported before is not stored again, and a span
    that came on another way is recognised by its ids. Exit code 1 when anything was refused, 2 when nothing
    could be sent.
    """
    told = Told()
    transport = Transport(url, key)
    files = with_rotated(files)
    for number, path in enumerate(files):
        begin = from_line if number == 0 else 1
        line = begin
        try:
            for request in _shown(path, requests(path, Signal(signal) if signal else None)):
                if request.line < begin:
                    continue
                line = request.line
                send(transport, request, path.name, told)
        except FileError as error:
            told.refused += 1
            told.fault(str(error))
        except (ClientError, KeyboardInterrupt) as error:
            later = " ".join(str(f) for f in files[number:])
            why = "stopped" if isinstance(error, KeyboardInterrupt) else str(error)
            hint = _hint(error)
            click.echo(
                shown(f"{why}{hint} Go on with: sightline import --from-line {line} {later}"), err=True
            )
            raise SystemExit(2) from error
    _outcome(told, as_json)


def with_rotated(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files with those they were set aside as, oldest first, each once."""
    return tuple(dict.fromkeys(one for path in files for one in (*rotated(path), path)))


def _hint(error: BaseException) -> str:
    if isinstance(error, Refused) and error.status in (401, 403):
        return " Give a key that may send with --key or SIGHTLINE_KEY."
    if isinstance(error, Unreachable):
        return " Start it, or say where it is with --url."
    return "."


def _outcome(told: Told, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"requests": told.sent, "refused": told.refused, "rejected": told.rejected}))
    else:
        wrong = f", {told.refused} refused" * bool(told.refused) + f", {told.rejected} items rejected" * bool(
            told.rejected
        )
        click.echo(f"{told.sent} requests were taken{wrong}.")
    if told.faults:
        raise SystemExit(1)


def _shown(path: Path, source: Iterator[Request]) -> Iterator[Request]:
    """The same requests, with a bar on a terminal where there is rich."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
    except ModuleNotFoundError:
        yield from source
        return
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from source
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    size = path.stat().st_size or None
    exact = path.suffix not in (".gz", ".parquet")
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(shown(path.name), total=size if exact else None)
        for request in source:
            yield request
            progress.advance(task, len(request.body) + 1)
