"""One segment of logs to rows: typed attributes, content by hash, linked to spans by their ids.

Evaluation events among them are rows of table `scores` as well.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sightline.catalog.conventions import Catalog
from sightline.digest.anyvalue import BYTES, json_literal, texts_of, types_of
from sightline.digest.attributes import denied, every_type, json_attributes, literal
from sightline.digest.canonical import content_keys as content_attributes
from sightline.digest.contents import HASHES, SIZES, ContentPass, expiry
from sightline.digest.policy import Policies, Timer, by_project
from sightline.digest.score_pass import ScorePass, Waiting
from sightline.digest.staging import (
    AROUND,
    AROUND_COLUMNS,
    LATEST,
    LOGS,
    LONG,
    SCRATCH,
    Facts,
    Staging,
    decode_settings,
    items_of,
)
from sightline.digest.steps import array, quoted
from sightline.digest.target import Target
from sightline.store.store import DATABASE, Connection, clause

ENVIRONMENTS = ("deployment.environment.name", "deployment.environment")


def resource_text(key: str) -> str:
    """A resource attribute's text, NULL when it is not there."""
    return f"nullIf(rtexts[indexOf(rkeys, {quoted(key)})], '')"


def resource_columns() -> dict[str, str]:
    """Columns that every signal takes from its resource and scope."""
    return {
        "service": resource_text("service.name"),
        "service_version": resource_text("service.version"),
        "environment": f"coalesce({', '.join(resource_text(key) for key in ENVIRONMENTS)})",
        "scope": "scope",
        "scope_version": "scope_version",
        "source": "source",
        "received_at": "fromUnixTimestamp64Nano(toInt64(received_at), 'UTC')",
    }


def content_keys(catalog: Catalog, facts: Facts) -> list[str]:
    """Keys that are content or numbered, and so never become JSON paths."""
    content = content_attributes(catalog)
    return sorted(k for k in facts.keys if k in content or catalog.family(k))


class LogDigest:
    """Digests segments of logs; belongs to one thread and shares its scratch tables."""

    def __init__(
        self,
        local: Connection,
        target: Target,
        staging: Staging,
        catalog: Catalog,
        policies: Policies,
        clock: Callable[[], int],
        worker: int = 0,
        waiting: Waiting | None = None,
    ) -> None:
        self._local, self._target, self._staging = local, target, staging
        self._scores = ScorePass(local, target, policies, clock, waiting or Waiting())
        self._catalog, self._policies, self._clock = catalog, policies, clock
        self._contents = ContentPass(local, target, worker + 100)
        self._table = f"{SCRATCH}.logs_{worker}"
        local.command(f"DROP TABLE IF EXISTS {self._table}")
        local.command(
            f"CREATE TABLE {self._table} ({AROUND_COLUMNS}, time UInt64, observed UInt64, severity Int32,"
            " severity_text String, raw_body String, body_type UInt8, body String, keys"
            " Array(LowCardinality(String)),"
            " types Array(UInt8), texts Array(String), dropped UInt32, trace_id String, span_id String,"
            " event_name String) ENGINE = Memory"
        )

    def warm(self) -> None:
        """Nothing: the passes of spans, which run before, are nearly the same."""

    def digest(self, path: Path, records: int, token: str) -> int:
        """Digest a segment; returns the number of records stored."""
        timer = Timer("logs")
        self._local.command(f"TRUNCATE TABLE {self._table}")
        self._staging.clear()
        values = "s.attributes.value"
        self._local.command(
            f"INSERT INTO {self._table}{clause(decode_settings(records))}"
            f" SELECT {AROUND}, least(s.time_unix_nano, {LATEST}),"
            f" least(s.observed_time_unix_nano, {LATEST}), s.severity_number,"
            f" s.severity_text, s.body, ({types_of('[s.body]')})[1], ({texts_of('[s.body]')})[1],"
            " s.attributes.key,"
            f" {types_of(values)}, {texts_of(values)}, s.dropped_attributes_count, s.trace_id, s.span_id,"
            " s.event_name"
            f" FROM {items_of(path, 'logs', LOGS, ('resource_logs', 'scope_logs', 'log_records'))}"
        )
        timer.mark("decode")
        facts = self._staging.facts(self._table, "[raw_body]")
        if not facts.rows:
            return 0
        self._local.command("DROP TEMPORARY TABLE IF EXISTS canon_logs")
        self._local.command(f"CREATE TEMPORARY TABLE canon_logs ENGINE = Memory AS {self._canonical(facts)}")
        timer.mark("canonical")
        expires, today = expiry(facts.projects, self._policies, self._clock)
        self._contents.write("canon_logs", self._contents.sized("canon_logs"), expires, token, today)
        timer.mark("content")
        self._scores.of_logs(self._table, facts, f"{token}-scores")
        timer.mark("scores")
        self._insert(facts, token)
        timer.mark("insert")
        self._local.command(f"TRUNCATE TABLE {self._table}")
        return facts.rows

    def _canonical(self, facts: Facts) -> str:
        nested = self._staging.nested
        moved = content_keys(self._catalog, facts)
        secret = sorted(k for k in facts.keys if self._catalog.denied(k))
        is_secret = f"has({array(secret)}::Array(String), k)"
        is_content = f"(NOT {is_secret} AND (has({array(moved)}::Array(String), k) OR length(x) > {LONG}))"
        stays = f"NOT {is_content} AND NOT {is_secret}"
        keep = f"arrayMap((k, x) -> {stays}, keys, texts)"
        attributes = json_attributes("keys", "types", "texts", keep, literal(every_type(facts.keys), nested))
        everything = literal(every_type(facts.resource_keys), nested)
        kept = f"arrayMap(k -> NOT {denied(self._catalog, 'k')}, rkeys)"
        resource = json_attributes("rkeys", "rtypes", "rtexts", kept, everything)
        text = f"if(t >= {42} AND t <= {BYTES}, joinGet({quoted(nested)}, 'js', x), x)"
        flags = f"arrayMap((k, x) -> {is_content} AND x != '', keys, texts)"
        body = (
            f"multiIf(body_type = {BYTES}, joinGet({quoted(nested)}, 'txt', raw_body), body_type IN (42, 50),"
            f" arrayMap(y -> {json_literal(quoted(nested))}, [raw_body])[1], body)"
        )
        kinds = "['string', 'bool', 'int', 'double', 'array', 'map', 'bytes']"
        return (
            f"SELECT {AROUND}, time, observed, severity, severity_text, {body} AS text,"
            f" transform(body_type, [10, 16, 24, 33, 42, 50, 58], {kinds}, 'empty') AS body_kind, dropped,"
            " trace_id,"
            f" span_id, event_name, {attributes} AS attributes, {resource} AS resource,"
            f" arrayMap(k -> concat('attribute:', k), arrayFilter((k, f) -> f, keys, {flags})) AS"
            " content_fields,"
            f" arrayFilter((x, f) -> f, arrayMap((x, t) -> {text}, texts, types), {flags}) AS content_texts,"
            f" {HASHES} AS content_hashes, {SIZES} AS content_sizes,"
            f" toUInt64OrZero(texts[indexOf(keys, 'sightline.sequence')]) AS number"
            f" FROM {self._table}"
        )

    def _insert(self, facts: Facts, token: str) -> None:
        days = by_project({p: self._policies(p).retention_days for p in facts.projects}, 0)
        # A record without a time of its own stands where it was observed, else where it was received.
        moment = "multiIf(time > 0, time, observed > 0, observed, c.received_at)"
        values = {
            "project": "project",
            "time": f"fromUnixTimestamp64Nano(toInt64({moment}), 'UTC')",
            "observed_time": "fromUnixTimestamp64Nano(toInt64(if(observed > 0, observed, c.received_at)),"
            " 'UTC')",
            "digested_at": f"fromUnixTimestamp64Micro({self._clock() // 1000}, 'UTC')",
            "trace_id": "lower(hex(trace_id))",
            "span_id": "lower(hex(span_id))",
            "severity_number": "toUInt8(greatest(0, least(severity, 255)))",
            "severity_text": "severity_text",
            "event_name": "event_name",
            "body": "text",
            "body_type": "body_kind",
            "dropped_attributes": "dropped",
            "content.field": "content_fields",
            "content.hash": "content_hashes",
            "content.size": "content_sizes",
            "attributes": "attributes",
            "resource": "resource",
            "sender": resource_text("service.instance.id"),
            "sequence": "if(number > 0, number, NULL)",
            "retention_days": f"toUInt16({days})",
        } | resource_columns()
        select = f"SELECT {', '.join(values.values())} FROM canon_logs AS c"
        self._target.insert_select(f"{DATABASE}.logs", list(values), select, token)
