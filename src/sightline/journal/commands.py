"""`sightline journal ls|show|replay|verify`: looking into a journal and digesting again.

All of them work beside a running server: `replay` renames files, the others only read.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.journal.disk import Disk
from sightline.journal.format import Record
from sightline.journal.index import read_index
from sightline.journal.quarantine import Quarantine
from sightline.journal.recovery import read_seed
from sightline.journal.replay import choose
from sightline.journal.replay import replay as replay_segments
from sightline.journal.salvage import Inspection, inspect_bytes
from sightline.journal.segment import Layout, segment_files
from sightline.records.ingest import Signal

_STATES = ("open", "ready", "digested", "quarantine")
_MESSAGES: dict[Signal, type[Message]] = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
    Signal.METRICS: ExportMetricsServiceRequest,
}
_SIGNAL = click.Choice([signal.value for signal in Signal])
_MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"])


@click.group()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("sightline-data"),
    envvar="SIGHTLINE_DATA",
    show_default=True,
    help="The server's data directory.",
)
@click.pass_context
def journal(context: click.Context, data: Path) -> None:
    """Look into the journal, and digest again what it keeps."""
    layout = Layout(data / "journal")
    if not layout.ready.is_dir():
        raise click.ClickException(
            f"There is no journal in {layout.root}. Give the server's data directory: "
            "sightline journal --data DIR …"
        )
    context.obj = layout


@journal.command()
@click.option("--state", type=click.Choice(_STATES), multiple=True, help="Only these; default: all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.pass_obj
def ls(layout: Layout, state: tuple[str, ...], as_json: bool) -> None:
    """List the segments and what is in quarantine, with its reason."""
    for name in state or _STATES:
        rows = _quarantine_rows(layout) if name == "quarantine" else _segment_rows(layout, name)
        for row in rows:
            if as_json:
                click.echo(json.dumps(row))
            else:
                click.echo(_row_text(row))


@journal.command()
@click.argument("segment")
@click.option("--record", type=click.IntRange(min=0), help="Show this request's content (counted from 0).")
@click.option(
    "--raw", is_flag=True, help="With --record: the sender's bytes as they are, to standard output."
)
@click.pass_obj
def show(layout: Layout, segment: str, record: int | None, raw: bool) -> None:
    """List the requests of a SEGMENT (an id), or show one as JSON."""
    _path, found = _read(layout, segment)
    if record is None:
        for number, one in enumerate(found.records):
            size = one.end - one.payload
            click.echo(
                f"{number:>6}  {_time(one.received_at)}  {_plain(one.project):<20} {_plain(one.source):<10} "
                f"{one.signal:<8} {one.items:>7} items {size:>10} bytes  {one.fingerprint.hex()}"
            )
        return
    if record >= len(found.records):
        raise click.ClickException(
            f"segment {segment} has {len(found.records)} sound requests; --record counts from 0"
        )
    chosen = found.records[record]
    payload = bytes(found.view[chosen.payload : chosen.end])
    if raw:
        sys.stdout.buffer.write(payload)
        return
    click.echo(json.dumps(_content(chosen, payload), indent=1))


@journal.command()
@click.argument("segments", nargs=-1)
@click.pass_obj
def verify(layout: Layout, segments: tuple[str, ...]) -> None:
    """Check every record of the SEGMENTS (ids; default: all). Exit code 1 when something is damaged.

    The end of an open segment may be unfinished while a server writes; that is no damage.
    """
    seed = read_seed(layout, None)
    checked = records = bad = 0
    for state in _STATES:
        for segment_id, signal, path in segment_files(getattr(layout, state)):
            if segments and segment_id not in segments:
                continue
            try:
                found = inspect_bytes(memoryview(path.read_bytes()), seed)
            except FileNotFoundError:  # moved on by the server
                continue
            checked += 1
            records += len(found.records)
            bad += _report(state, segment_id, signal, found)
    if segments and not checked:
        raise click.ClickException(
            f"no segment {segments[0]!r} in {layout.root}; `sightline journal ls` lists them"
        )
    click.echo(f"{checked} segments with {records} sound requests, {bad} damaged places")
    if bad:
        raise SystemExit(1)


@journal.command()
@click.argument("ids", nargs=-1)
@click.option("--since", type=_MOMENT, help="Segments begun at this time or later (UTC).")
@click.option("--until", type=_MOMENT, help="Segments begun before this time (UTC).")
@click.option("--signal", type=_SIGNAL, help="Only this signal.")
@click.option(
    "--force-new-id",
    is_flag=True,
    help="Digest as if new, after a fix of the digest: the rows replace the earlier ones. Without it the "
    "store recognises what it has and a replay changes nothing.",
)
@click.option("--dry-run", is_flag=True, help="Only say which.")
@click.pass_obj
def replay(
    layout: Layout,
    ids: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    signal: str | None,
    force_new_id: bool,
    dry_run: bool,
) -> None:
    """Digest kept segments again: by IDS, or by time. A running server finds them within seconds."""
    if not ids and since is None and until is None:
        raise click.UsageError("name segments, or a time with --since or --until")
    try:
        chosen = choose(layout, ids, _nanos(since), _nanos(until), Signal(signal) if signal else None)
    except KeyError as error:
        raise click.ClickException(str(error.args[0])) from None
    if dry_run:
        names = [segment_id for segment_id, _, _ in chosen]
    else:
        names = replay_segments(layout, Disk(), chosen, new_id=force_new_id)
    for name in names:
        click.echo(name)
    click.echo(f"{len(names)} segments {'would go' if dry_run else 'went'} back to the digest", err=True)


def _row_text(row: dict[str, object]) -> str:
    records, items = ("?" if row[key] is None else row[key] for key in ("records", "items"))
    reason = f"  {_plain(str(row['reason']))}" if "reason" in row else ""
    return (
        f"{row['state']:<10} {row['id']:<28} {row['signal']:<8} {records:>7} requests {items:>9} items "
        f"{row['bytes']:>12} bytes{reason}"
    )


def _segment_rows(layout: Layout, state: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for segment_id, signal, path in segment_files(getattr(layout, state)):
        try:
            size = path.stat().st_size
        except FileNotFoundError:  # moved on by the server
            continue
        index = read_index(layout.index, segment_id)
        rows.append(
            {
                "state": state,
                "id": segment_id,
                "signal": signal.value,
                "records": index.records if index else None,
                "items": index.items if index else None,
                "bytes": size,
                "first_received": _time(index.first_received) if index else None,
                "last_received": _time(index.last_received) if index else None,
            }
        )
    return rows


def _quarantine_rows(layout: Layout) -> list[dict[str, object]]:
    return [
        {
            "state": "quarantine",
            "id": entry.id,
            "kind": entry.kind,
            "signal": entry.signal.value,
            "project": entry.project,
            "records": 1 if entry.kind == "record" else 0,
            "items": entry.items,
            "bytes": entry.bytes,
            "time": _time(entry.time),
            "reason": entry.reason,
        }
        for entry in Quarantine(layout, Disk(), lambda: 0).entries()
    ]


def _read(layout: Layout, segment: str) -> tuple[Path, Inspection]:
    for state in _STATES:
        for segment_id, _signal, path in segment_files(getattr(layout, state)):
            if segment_id == segment:
                view = memoryview(path.read_bytes())
                return path, inspect_bytes(view, read_seed(layout, None))
    raise click.ClickException(f"no segment {segment!r} in {layout.root}; `sightline journal ls` lists them")


def _report(state: str, segment_id: str, signal: Signal, found: Inspection) -> int:
    """Print the damage of one segment; returns how many places."""
    bad = 0
    for damage in found.damage:
        if state == "open" and damage.torn:
            click.echo(
                f"{segment_id} {signal}: {damage.end - damage.start} bytes at the end are being written"
            )
            continue
        number = sum(1 for record in found.records if record.start < damage.start)
        click.echo(
            f"{segment_id} {signal} ({state}): record {number} is damaged, bytes {damage.start} to "
            f"{damage.end}: {_plain(damage.reason)}"
        )
        bad += 1
    for number, record in enumerate(found.records):
        if not record.prefix_intact:
            click.echo(f"{segment_id} {signal} ({state}): the length in front of record {number} is damaged")
            bad += 1
    return bad


def _content(record: Record, payload: bytes) -> dict[str, object]:
    header: dict[str, object] = {
        "project": record.project,
        "received_at": _time(record.received_at),
        "source": record.source,
        "signal": record.signal.value,
        "items": record.items,
        "fingerprint": record.fingerprint.hex(),
    }
    message = _MESSAGES[record.signal]()
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        return {**header, "undecodable": str(error), "payload_hex": payload.hex()}
    return {**header, "payload": MessageToDict(message)}


def _plain(text: str) -> str:
    """Text from outside, with nothing in it that could steer a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)


def _time(nanos: int) -> str:
    return datetime.fromtimestamp(nanos / 1e9, UTC).isoformat(timespec="milliseconds") if nanos else ""


def _nanos(moment: datetime | None) -> int | None:
    return int(moment.replace(tzinfo=UTC).timestamp()) * 10**9 if moment else None
