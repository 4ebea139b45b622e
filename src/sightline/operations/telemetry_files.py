"""Files of telemetry as requests: OTLP as lines of JSON or as protobuf, and Parquet that Sightline wrote."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from sightline.operations.file_errors import FileError
from sightline.records.ingest import Signal

JSON, PROTOBUF = "application/json", "application/x-protobuf"
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_SIGNALS = {
    b"resourceSpans": Signal.TRACES, b"resource_spans": Signal.TRACES,
    b"resourceLogs": Signal.LOGS, b"resource_logs": Signal.LOGS,
    b"resourceMetrics": Signal.METRICS, b"resource_metrics": Signal.METRICS,
}  # fmt: skip
_TEXT = {".jsonl", ".json", ".ndjson", ".otlp"}
_LONGEST = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `line`: its place in the file from 1. `fault`: why there is nothing to send."""

    line: int
    signal: Signal
    media: str
    body: bytes
    fault: str = ""


def requests(path: Path, signal: Signal | None) -> Iterator[Request]:
    """What a file holds, in order. `signal`: what protobuf holds, which does not say. Raises FileError."""
    try:
        with path.open("rb") as plain:
            begin = plain.read(4)
            plain.seek(0)
            if begin[:2] == _GZIP:
                with gzip.open(plain) as file:
                    unpacked = cast("BinaryIO", file)
                    begin = unpacked.read(4)
                    unpacked.seek(0)
                    yield from _otlp(path, unpacked, begin, signal)
            elif begin == _PARQUET:
                yield from _parquet(path)
            else:
                yield from _otlp(path, plain, begin, signal)
    except (OSError, EOFError) as error:
        raise FileError(f"{path}: {getattr(error, 'strerror', None) or error}.") from error


def _otlp(path: Path, file: BinaryIO, begin: bytes, signal: Signal | None) -> Iterator[Request]:
    if begin.lstrip()[:1] == b"{" or set(path.suffixes) & _TEXT:
        yield from _lines(file)
    elif begin:
        yield from _messages(path, file, signal or _named(path))


def _named(path: Path) -> Signal:
    return next((s for s in (Signal.LOGS, Signal.METRICS) if s.value in path.name.lower()), Signal.TRACES)


def _lines(file: BinaryIO) -> Iterator[Request]:
    number = 0
    while text := file.readline(_LONGEST):
        number += 1
        body = text.strip()
        if not body:
            continue
        signal = next((s for key, s in _SIGNALS.items() if b'"' + key + b'"' in body[:4096]), None)
        if signal is None:
            yield Request(
                number,
                Signal.TRACES,
                JSON,
                b"",
                "is no OTLP: it has no resourceSpans, resourceLogs or resourceMetrics",
            )
        else:
            yield Request(number, signal, JSON, body)


def _messages(path: Path, file: BinaryIO, signal: Signal) -> Iterator[Request]:
    """Messages with their length before them (four bytes, the first the highest), else the file as one."""
    data = file.read(_LONGEST)
    at, found = 0, []
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if not 0 < size <= len(data) - at - 4:
            break
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(data):
        found = [data]
    if file.read(1):
        raise FileError(
            f"{path}: protobuf of more than {_LONGEST // 2**20} MiB; split it, or write JSON lines."
        )
    for number, body in enumerate(found, 1):
        yield Request(number, signal, PROTOBUF, body)


def _parquet(path: Path) -> Iterator[Request]:
    try:
        from sightline.operations.parquet_files import lines
    except ModuleNotFoundError as error:
        raise FileError(
            f'{path}: Parquet is read with the engine of the server: pip install "sightline[server]"'
        ) from error
    for number, (body, signal) in enumerate(lines(path), 1):
        yield Request(number, signal, JSON, body)
