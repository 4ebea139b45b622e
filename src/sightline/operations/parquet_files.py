"""Parquet that `sightline export` wrote, read with the embedded engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson

from sightline.operations.file_errors import FileError
from sightline.query.export_sql import MOMENTS
from sightline.query.export_text import whole_lines
from sightline.query.otlp_file import otlp_lines
from sightline.records.ingest import Signal
from sightline.store.rows import StoreError
from sightline.store.store import Connection

_NEEDED = {"trace_id", "attributes", "resource", "scope"}


def lines(path: Path) -> Iterator[tuple[bytes, Signal]]:
    """Its rows as requests of OTLP in JSON. Raises FileError."""
    with closing(Connection("chdb://", {"max_threads": 2})) as engine:
        given = {"path": str(path.absolute())}
        try:
            described = engine.query("DESCRIBE file({path:String}, Parquet)", given)
            columns = {str(row[0]) for row in described.rows}
            logs = "severity_number" in columns
            moments = MOMENTS[logs]
            if missing := sorted(_NEEDED - columns):
                raise FileError(
                    f"{path}: no export of Sightline, it has no column {missing[0]};"
                    " other Parquet cannot be read."
                )
            more = ", ".join(f"{expression} AS {name}" for name, expression in moments.items())
            text = (
                f"SELECT *, {more} FROM file({{path:String}}, Parquet)"
                " SETTINGS output_format_json_quote_64bit_integers = 0, max_block_size = 2048,"
                " input_format_parquet_max_block_size = 2048, input_format_parquet_preserve_order = 1"
            )
            with closing(engine.stream(text, given, fmt="JSONEachRow")) as source:
                signal = Signal.LOGS if logs else Signal.TRACES
                for body, _ in otlp_lines(whole_lines(source), logs):
                    yield body, signal
        except (StoreError, orjson.JSONDecodeError) as error:
            raise FileError(
                f"{path}: cannot be read as Parquet: {str(error).split('. ')[0][:200]}."
            ) from error
