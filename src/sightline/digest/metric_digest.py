"""One segment of metrics to rows: one row per data point of any of the five kinds, exemplars linked to
traces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sightline.catalog.conventions import Catalog
from sightline.digest.anyvalue import json_literal, texts_of, types_of
from sightline.digest.attributes import denied, every_type, json_attributes, json_object, literal
from sightline.digest.log_digest import resource_columns
from sightline.digest.policy import Policies, Timer, by_project
from sightline.digest.staging import (
    AROUND,
    AROUND_COLUMNS,
    LATEST,
    METRICS,
    SCRATCH,
    Facts,
    Staging,
    decode_settings,
    items_of,
)
from sightline.digest.steps import quoted
from sightline.digest.target import Target
from sightline.store.store import DATABASE, Connection, clause

_POINT_COLUMNS = {
    "name": "String", "type": "String", "unit": "String", "description": "String", "temporality": "Int32",
    "monotonic": "Bool", "time": "UInt64", "start": "UInt64", "value": "Nullable(Float64)",
    "value_int": "Nullable(Int64)", "count": "Nullable(UInt64)", "sum": "Nullable(Float64)",
    "min": "Nullable(Float64)", "max": "Nullable(Float64)", "bounds": "Array(Float64)",
    "bucket_counts": "Array(UInt64)", "scale": "Nullable(Int32)", "zero_count": "Nullable(UInt64)",
    "zero_threshold": "Nullable(Float64)",
    "positive_offset": "Nullable(Int32)", "positive_counts": "Array(UInt64)",
    "negative_offset": "Nullable(Int32)", "negative_counts": "Array(UInt64)", "quantiles": "Array(Float64)",
    "quantile_values": "Array(Float64)", "flags": "UInt32", "keys": "Array(LowCardinality(String))",
    "types": "Array(UInt8)", "texts": "Array(String)",
    "exemplars": "Array(Tuple(UInt64, Float64, Int64, String, String, Array(Tuple(String, String))))",
}  # fmt: skip
_SHAPE = {"count": "p.count", "sum": "p.sum", "min": "p.min", "max": "p.max"}
_NUMBER = {
    "value": "coalesce(p.as_double, toFloat64(p.as_int))",
    "value_int": "p.as_int",
    "exemplars": "p.exemplars",
}
# What a data point `p` of each kind fills in, besides what all have.
_KINDS: dict[str, dict[str, str]] = {
    "gauge": _NUMBER,
    "sum": _NUMBER | {"temporality": "m.sum.aggregation_temporality", "monotonic": "m.sum.is_monotonic"},
    "histogram": _SHAPE
    | {
        "temporality": "m.histogram.aggregation_temporality",
        "bounds": "p.explicit_bounds",
        "bucket_counts": "p.bucket_counts",
        "exemplars": "p.exemplars",
    },
    "exponential_histogram": _SHAPE
    | {
        "temporality": "m.exponential_histogram.aggregation_temporality",
        "scale": "p.scale",
        "zero_count": "p.zero_count",
        "zero_threshold": "p.zero_threshold",
        "positive_offset": "p.positive.offset",
        "positive_counts": "p.positive.bucket_counts",
        "negative_offset": "p.negative.offset",
        "negative_counts": "p.negative.bucket_counts",
        "exemplars": "p.exemplars",
    },
    "summary": {
        "count": "p.count",
        "sum": "p.sum",
        "quantiles": "arrayMap(q -> q.quantile, p.quantile_values)",
        "quantile_values": "arrayMap(q -> q.value, p.quantile_values)",
    },
}


class MetricDigest:
    """Digests segments of metrics; belongs to one thread and shares its scratch tables."""

    def __init__(
        self,
        local: Connection,
        target: Target,
        staging: Staging,
        catalog: Catalog,
        policies: Policies,
        clock: Callable[[], int],
        worker: int = 0,
    ) -> None:
        self._local, self._target, self._staging = local, target, staging
        self._catalog, self._policies, self._clock = catalog, policies, clock
        self._table = f"{SCRATCH}.points_{worker}"
        columns = ", ".join(f"{name} {kind}" for name, kind in _POINT_COLUMNS.items())
        local.command(f"DROP TABLE IF EXISTS {self._table}")
        local.command(f"CREATE TABLE {self._table} ({AROUND_COLUMNS}, {columns}) ENGINE = Memory")

    def warm(self) -> None:
        """Nothing: the passes of spans, which run before, are nearly the same."""

    def digest(self, path: Path, records: int, token: str) -> int:
        """Digest a segment; returns the number of data points stored."""
        timer = Timer("metrics")
        self._local.command(f"TRUNCATE TABLE {self._table}")
        self._staging.clear()
        source = items_of(path, "metrics", METRICS, ("resource_metrics", "scope_metrics", "metrics"))
        self._local.command("DROP TEMPORARY TABLE IF EXISTS staged_metrics")
        self._local.command(
            f"CREATE TEMPORARY TABLE staged_metrics ENGINE = Memory AS SELECT {AROUND}, s AS m FROM {source}"
            + clause(decode_settings(records))
        )
        for kind in _KINDS:
            self._local.command(self._points(kind))
        self._local.command("DROP TEMPORARY TABLE staged_metrics")
        timer.mark("decode")
        raw = "arrayFlatten(arrayMap(e -> e.6.2, exemplars))"
        facts = self._staging.facts(self._table, raw)
        if facts.rows:
            self._insert(facts, token)
        timer.mark("insert")
        self._local.command(f"TRUNCATE TABLE {self._table}")
        return facts.rows

    def _points(self, kind: str) -> str:
        """INSERT of the data points of one kind."""
        values = {
            "name": "m.name", "type": quoted(kind), "unit": "m.unit", "description": "m.description",
            "time": f"least(p.time_unix_nano, {LATEST})", "start": "least(p.start_time_unix_nano,"
                                                                   f" {LATEST})", "flags": "p.flags",
            "keys": "p.attributes.key", "types": types_of("p.attributes.value"),
            "texts": texts_of("p.attributes.value"),
        } | _KINDS[kind]  # fmt: skip
        return (
            f"INSERT INTO {self._table} ({AROUND}, {', '.join(values)}) SELECT {AROUND},"
            f" {', '.join(values.values())}"
            f" FROM staged_metrics ARRAY JOIN m.{kind}.data_points AS p"
        )

    def _insert(self, facts: Facts, token: str) -> None:
        nested = self._staging.nested
        days = by_project({p: self._policies(p).retention_days for p in facts.projects}, 0)
        pair = f"concat(toJSONString(a.1), ':', arrayMap(y -> {json_literal(quoted(nested))}, [a.2])[1])"
        plain = f"arrayFilter(a -> NOT {denied(self._catalog, 'a.1')}, e.6)"
        resource = literal(every_type(facts.resource_keys), nested)
        same = [
            n for n in _POINT_COLUMNS
            if n not in ("temporality", "time", "start", "keys", "types", "texts", "exemplars")
        ]  # fmt: skip
        values = (
            {name: name for name in same}
            | {
                "project": "project",
                "temporality": "transform(temporality, [1, 2], ['delta', 'cumulative'], '')",
                "time": "fromUnixTimestamp64Nano(toInt64(time), 'UTC')",
                "start_time": "fromUnixTimestamp64Nano(toInt64(start), 'UTC')",
                "digested_at": f"fromUnixTimestamp64Micro({self._clock() // 1000}, 'UTC')",
                "exemplars.time": "arrayMap(e -> fromUnixTimestamp64Nano(toInt64(least(e.1,"
                " 9223372036854775807)), 'UTC'), exemplars)",
                "exemplars.value": "arrayMap(e -> if(e.2 != 0, e.2, toFloat64(e.3)), exemplars)",
                "exemplars.trace_id": "arrayMap(e -> lower(hex(e.5)), exemplars)",
                "exemplars.span_id": "arrayMap(e -> lower(hex(e.4)), exemplars)",
                "exemplars.attributes": f"arrayMap(e -> {json_object(f'arrayMap(a -> {pair}, {plain})')},"
                " exemplars)",
                "attributes": json_attributes(
                    "keys",
                    "types",
                    "texts",
                    f"arrayMap(k -> NOT {denied(self._catalog, 'k')}, keys)",
                    literal(every_type(facts.keys), nested),
                ),
                "resource": json_attributes(
                    "rkeys",
                    "rtypes",
                    "rtexts",
                    f"arrayMap(k -> NOT {denied(self._catalog, 'k')}, rkeys)",
                    resource,
                ),
                "retention_days": f"toUInt16({days})",
            }
            | resource_columns()
        )
        select = f"SELECT {', '.join(values.values())} FROM {self._table}"
        self._target.insert_select(f"{DATABASE}.metrics", list(values), select, token)
