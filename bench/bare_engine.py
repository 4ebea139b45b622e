"""The bare engine: the same bytes decoded, a dozen columns and a map of the attributes, inserted into a
MergeTree.

    python bench/bare_engine.py [--workload genai] [--spans 200000] [--runs 3]

It is what the engine alone does, without a wire, a journal, canonical fields, JSON, prices, content or a
tree; the yardstick for the receive path. Segments have the size the journal's have. The best run counts. Two
ways to decode are measured: values kept as the raw bytes of their AnyValue, and every member of its oneof as
a column; `bare` is the faster.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from load import load_file, segments
from record import Record

from sightline.settings import JournalSettings

_AROUND = """
message Resource { repeated KeyValue attributes = 1; }
message Scope { string name = 1; string version = 2; }
message Status { string message = 2; int32 code = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind =
6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  Status status = 15; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Req { repeated ResourceSpans resource_spans = 1; }
"""
_RAW = 'syntax = "proto3"; package o;\nmessage KeyValue { string key = 1; bytes value = 2; }' + _AROUND
_MEMBERS = (
    'syntax = "proto3"; package o;\n'
    "message AnyValue { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double"
    " double_value = 4; }\n"
    "message KeyValue { string key = 1; AnyValue value = 2; }" + _AROUND
)
_VALUES = {
    "raw": ("String", "arrayMap(v -> substring(v, if(length(v) < 130, 3, 4)), s.attributes.value)"),
    "members": (
        "Tuple(string_value String, int_value Int64, double_value Float64, bool_value Bool)",
        "arrayMap(v -> multiIf(v.1 != '', v.1, v.2 != 0, toString(v.2), v.3 != 0, toString(v.3), ''),"
        " s.attributes.value)",
    ),
}


def one_run(files: list[tuple[Path, int]], directory: Path, decoding: str) -> tuple[float, float, int]:
    """Insert all segments; the seconds it took, those of CPU, and the number of rows."""
    import chdb  # in a process of its own: an engine per process

    value, text = _VALUES[decoding]
    keys = f"Array(Tuple(key String, value {value}))"
    structure = (
        f"resource_spans Array(Tuple(resource Tuple(attributes {keys}), scope_spans Array(Tuple(scope"
        " Tuple(name String,"
        " version String), spans Array(Tuple(trace_id String, span_id String, parent_span_id String, name"
        " String,"
        " kind Int32, start_time_unix_nano UInt64, end_time_unix_nano UInt64,"
        f" attributes {keys}, status Tuple(message String, code Int32)))))))"
    )
    schema = directory / "o.proto"
    schema.write_text(_RAW if decoding == "raw" else _MEMBERS)
    connection = chdb.connect(str(directory / "db"))
    connection.query(
        "CREATE TABLE spans (start_time DateTime64(9), duration UInt64, trace_id FixedString(16), span_id"
        " FixedString(8),"
        " parent_span_id FixedString(8), name LowCardinality(String), kind Int8, service"
        " LowCardinality(String),"
        " scope LowCardinality(String), status Int8, message String,"
        " attributes Map(LowCardinality(String), String)) ENGINE = MergeTree ORDER BY start_time"
        " SETTINGS min_bytes_for_wide_part = 268435456"
    )
    began, cpu = time.perf_counter(), time.process_time()
    for path, requests in files:
        connection.query(
            "INSERT INTO spans SELECT fromUnixTimestamp64Nano(toInt64(s.start_time_unix_nano)),"
            " s.end_time_unix_nano - s.start_time_unix_nano, s.trace_id, s.span_id, s.parent_span_id,"
            " s.name, s.kind,"
            " service, scope, s.status.code, s.status.message,"
            f" mapFromArrays(s.attributes.key, {text}) FROM"
            " (SELECT service, scope, arrayJoin(spans) AS s FROM (SELECT service, ss.scope.name AS scope,"
            " ss.spans AS spans FROM (SELECT toString(r.resource.attributes.value[1]) AS service,"
            " arrayJoin(r.scope_spans) AS ss FROM (SELECT arrayJoin(resource_spans) AS r"
            f" FROM file('{path}', 'Protobuf', $${structure}$$)))))"
            f" SETTINGS max_threads = 2, format_schema = '{schema}:Req', max_block_size ="
            f" {max(1, -(-requests // 4))}"
        )
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    rows = int(connection.query("SELECT count() FROM spans", "TSV").data())
    connection.close()
    return took, cpu, rows


def bare_engine(
    workload: str, spans: int, each: int = 128, seed: int = 7, runs: int = 3, seconds: float = 300.0
) -> dict[str, Any]:
    """Spans per second and µs of CPU a span of the bare engine, best of `runs` in fresh processes and
    directories."""
    path, facts = load_file(workload, spans, each, seed)
    root = Path(tempfile.mkdtemp(prefix="sightline-bare-"))
    try:
        files = segments(path, root, JournalSettings().segment_bytes)
        rates: dict[str, list[int]] = {}
        cpus: dict[str, list[float]] = {}
        for decoding in _VALUES:
            for run in range(runs):
                directory = root / f"{decoding}{run}"
                directory.mkdir()
                job = json.dumps([[[str(p), n] for p, n in files], str(directory), decoding])
                ended = subprocess.run(
                    [sys.executable, __file__, "--job", job],
                    capture_output=True, text=True, timeout=seconds, check=False,
                )  # fmt: skip
                if ended.returncode:
                    raise RuntimeError(f"the bare engine failed: {ended.stderr[-1500:]}")
                took, cpu, rows = json.loads(ended.stdout.splitlines()[-1])
                if rows != facts["items"]:
                    raise RuntimeError(f"the bare engine has {rows} rows of {facts['items']} spans")
                rates.setdefault(decoding, []).append(round(rows / took))
                cpus.setdefault(decoding, []).append(round(cpu / rows * 1e6, 1))
                shutil.rmtree(directory)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return {
        "rate": max(max(found) for found in rates.values()),
        "rates": rates,
        "cpu_us": min(min(found) for found in cpus.values()),
    }


def main() -> None:
    """Measure the bare engine alone."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workload", default="genai", choices=("genai", "mixed", "agent", "chat"))
    parser.add_argument("--spans", type=int, default=200_000)
    parser.add_argument("--each", type=int, default=128, help="spans of each request")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        files, directory, decoding = json.loads(given.job)
        print(json.dumps(one_run([(Path(p), n) for p, n in files], Path(directory), decoding)))
        return
    record = Record("bare_engine", f"{given.workload}, {given.spans} spans, {given.each} a request")
    found = bare_engine(given.workload, given.spans, given.each, runs=given.runs)
    record.figures = {"bare engine, spans/s": found["rate"], "bare engine CPU, µs a span": found["cpu_us"]}
    record.figures |= {f"{name}, spans/s of each run": rates for name, rates in found["rates"].items()}
    record.write()


if __name__ == "__main__":
    main()
