"""Bytes on disk for each span, by workload, and whether every long text comes back byte for byte.

    python bench/storage.py [--spans 50000] [--workloads genai mixed agent chat]

After the server has stored everything and ended, the parts are merged to one for each partition, as merges do
over time, and the bytes of the active parts are summed (`before merges` stands beside it). `sent` is the
protobuf without compression. Then the sent requests are read again: each string attribute of at least 400
characters must be among its span's contents by hash, and be put together from the store exactly as it was
sent; those of indexed keys are gathered in one JSON text, and must be in it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load import Loader, load_file
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from record import Record
from running import fresh_server
from workloads import read

from sightline.content.texts import texts
from sightline.settings import StoreSettings
from sightline.store.store import Store, embedded_url

LONG = 400
TABLES = ("spans", "content")


def fill(workload: str, spans: int, data: Path) -> tuple[Path, dict[str, Any]]:
    """A directory with the workload in it; the file it came from and what that holds."""
    path, facts = load_file(workload, spans)
    with fresh_server(directory=data) as server:
        loader = Loader(path, server.port, "http", 4)
        loader.go()
        loader.result()
        _, stored = server.wait_stored(facts["items"], 900)
        if stored != facts["items"]:
            raise RuntimeError(f"{facts['items']} spans sent, {stored} stored")
    return path, facts


def sizes(store: Store) -> dict[str, int]:
    """Bytes on disk of the active parts of each table."""
    rows = store.query(
        "SELECT table, sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'sightline'"
        " AND table IN {tables:Array(String)} GROUP BY table",
        {"tables": list(TABLES)},
    ).rows
    return {table: int(size) for table, size in rows}


@dataclass
class Compared:
    """What was compared: attributes that are a content of their own, and such that are gathered under one."""

    whole: int = 0
    whole_bytes: int = 0
    gathered: int = 0


Span = tuple[str, str]


def long_texts(payload: bytes) -> dict[Span, list[tuple[str, str]]]:
    """Keys and texts of the long string attributes of a request's spans."""
    found: dict[Span, list[tuple[str, str]]] = {}
    for resource in ExportTraceServiceRequest.FromString(payload).resource_spans:
        for span in (s for scope in resource.scope_spans for s in scope.spans):
            long = [(a.key, a.value.string_value) for a in span.attributes]
            if long := [(k, t) for k, t in long if len(t) >= LONG]:
                found[span.trace_id.hex(), span.span_id.hex()] = long
    return found


def compare(store: Store, payload: bytes, done: Compared) -> None:
    """Compare a request's long texts with the store. Raises RuntimeError at the first that is not there."""
    sent = long_texts(payload)
    rows = store.query(
        "SELECT trace_id, span_id, arrayMap(h -> lower(hex(h)), content.hash) FROM sightline.spans"
        " WHERE (trace_id, span_id) IN {ids:Array(Tuple(String, String))}",
        {"ids": list(sent)},
    ).rows
    hashes = {(trace, span): list(found) for trace, span, found in rows}
    kept = asyncio.run(texts(store, "default", {h for found in hashes.values() for h in found}))
    for key, expected in sent.items():
        contents = {hash_: kept[hash_] for hash_ in hashes.get(key, [])}
        for name, text in expected:
            if contents.get(hashlib.sha256(text.encode()).hexdigest()[:32]) == text:
                done.whole, done.whole_bytes = done.whole + 1, done.whole_bytes + len(text.encode())
            # Indexed keys (retrieval.documents.3.document.content) are gathered in one JSON text.
            elif re.search(r"\.\d+\.", name) and any(
                text in c or json.dumps(text, ensure_ascii=False)[1:-1] in c for c in contents.values()
            ):
                done.gathered += 1
            else:
                raise RuntimeError(f"{name} of span {key} is not among its contents: {text[:80]!r}")


def exact(store: Store, path: Path, most: int) -> Compared:
    """Compare requests until so many texts were found equal."""
    done = Compared()
    for payload in read(path):
        compare(store, payload, done)
        if done.whole + done.gathered >= most:
            break
    return done


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--spans", type=int, default=50_000)
    parser.add_argument("--workloads", nargs="+", default=["genai", "mixed", "agent", "chat"])
    parser.add_argument("--compare", type=int, default=5_000, help="texts to compare, at least")
    given = parser.parse_args()
    record = Record("storage", f"{given.spans} spans of each of {', '.join(given.workloads)}")
    for workload in given.workloads:
        with tempfile.TemporaryDirectory(prefix="sightline-storage-") as folder:
            data = Path(folder) / "data"
            path, facts = fill(workload, given.spans, data)
            store = Store(embedded_url(data), StoreSettings())
            try:
                before = sizes(store)
                for table in TABLES:
                    store.command(f"OPTIMIZE TABLE sightline.{table} FINAL")
                after = sizes(store)
                compared = exact(store, path, given.compare)
            finally:
                store.close()
        spans = facts["items"]
        record.figures |= {
            f"{workload}: sent, bytes a span": round(facts["bytes"] / spans),
            f"{workload}: on disk, bytes a span": round(sum(after.values()) / spans),
            f"{workload}: sent by stored": round(facts["bytes"] / sum(after.values()), 1),
            f"{workload}: table spans, table content": [round(after.get(t, 0) / spans) for t in TABLES],
            f"{workload}: before merges, bytes a span": round(sum(before.values()) / spans),
            f"{workload}: texts byte-exact": compared.whole,
            f"{workload}: of so many MB": round(compared.whole_bytes / 1e6, 1),
            f"{workload}: texts of indexed keys found": compared.gathered,
        }
    record.write()


if __name__ == "__main__":
    main()
