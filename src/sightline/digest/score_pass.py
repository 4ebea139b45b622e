"""The scores of a segment of logs or traces, found in its scratch tables and written as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from sightline.digest.anyvalue import BOOL, DOUBLE, INT, NESTED, nested_value, plain
from sightline.digest.policy import Policies
from sightline.digest.score_reading import (
    ANNOTATION,
    EVENT,
    EVENT_KEYS,
    Around,
    read_annotations,
    read_event,
)
from sightline.digest.staging import Facts
from sightline.digest.steps import array, quoted
from sightline.digest.target import Target
from sightline.records.scores import Score, ScoreTarget
from sightline.store.score_rows import SELECTED, score_of
from sightline.store.store import DATABASE, Connection

# A response is looked for among the spans that began so long before the score or after it (ns), and a score
# that came before its span waits so long for it.
_BEFORE, _AFTER = 7 * 86_400 * 10**9, 3600 * 10**9
_ENVIRONMENTS = ("deployment.environment.name", "deployment.environment")
_SERVICE = "service.name"
_AROUND_KEYS = (*_ENVIRONMENTS, _SERVICE)
_SESSIONS = ("session.id", "gen_ai.conversation.id", "langfuse.session.id")
# Attributes that numbered annotations begin with, in the spelling of LIKE.
_FAMILIES = ("annotations.", "evaluations.", "trace.annotations.", "trace.evaluations.",
             "session.annotations.", "session.evaluations.")  # fmt: skip
_MOST_WAITING = 100_000
_HEX = "lower(hex({}))"
_STRUCTURE = (
    "project String, id String, name String, target String, trace_id String, span_id String, session_id"
    " String, response_id String, data_type String, value Nullable(Float64), label String, comment String,"
    " correction String, source String, author String, method String, environment String, service String,"
    " time Int64, version UInt64, received_at Int64, deleted UInt8, retention_days UInt16"
)
_COLUMNS = [column.split()[0] for column in _STRUCTURE.split(", ")]


class Waiting:
    """The scores of which only a response's id is known, by project and that id; shared by logs and spans.

    Read once from the store, so that scores from before a restart find their spans too.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], list[Score]] | None = None

    def load(self, target: Target, now: int) -> dict[tuple[str, str], list[Score]]:
        """All that wait."""
        if self.known is None:
            rows = target.connection.query(
                f"SELECT {SELECTED} FROM {DATABASE}.scores AS c FINAL WHERE c.target = 'response'"
                " AND c.received_at > fromUnixTimestamp64Nano({since:Int64}, 'UTC')"
                " ORDER BY c.received_at DESC LIMIT {most:UInt32}",
                {"since": now - _BEFORE, "most": _MOST_WAITING},
            )
            self.known = {}
            for score in map(score_of, rows.dicts()):
                self.known.setdefault((score.project, score.response_id), []).append(score)
        return self.known


class ScorePass:
    """Finds and writes scores; belongs to one thread. `local` has the scratch tables, `target` the store."""

    def __init__(
        self,
        local: Connection,
        target: Target,
        policies: Policies,
        clock: Callable[[], int],
        waiting: Waiting,
    ) -> None:
        self._local, self._target = local, target
        self._policies, self._clock, self._waiting = policies, clock, waiting

    def of_logs(self, table: str, facts: Facts, token: str) -> int:
        """Write the scores among staged log records; returns how many."""
        if not any(key in facts.keys for key in EVENT_KEYS):
            return 0
        names = f"(event_name = {quoted(EVENT)} OR texts[indexOf(keys, 'event.name')] = {quoted(EVENT)})"
        rows = self._rows(
            f"SELECT project, toString(received_at), toString(time), toString(observed),"
            f" {_HEX.format('trace_id')}, {_HEX.format('span_id')},"
            f" {_pairs('keys', 'types', 'texts', EVENT_KEYS)},"
            f" {_pairs('rkeys', 'rtypes', 'rtexts', _AROUND_KEYS)}"
            f" FROM {table} WHERE {names}"
        )
        found = []
        for project, received, time, observed, trace, span, pairs, resource in rows:
            around = _around(project, received, time, observed, trace, span, _values(resource))
            if (score := read_event(_values(pairs), around)) is not None:
                found.append(score)
        return self.write(self._answered(found), token)

    def of_spans(self, table: str, facts: Facts, token: str) -> int:
        """Write the scores that staged spans carry, in events and numbered attributes; returns how many."""
        annotated = any(ANNOTATION.fullmatch(key) for key in facts.keys)
        if not annotated and not facts.events:
            return 0
        said = f"arrayExists(e -> e.2 = {quoted(EVENT)}, events)"
        wanted = " OR ".join(f"startsWith(k, {quoted(family)})" for family in _FAMILIES)
        numbered = f"arrayExists(k -> {wanted}, keys)" if annotated else "0"
        kept = f"(has({array(list(_SESSIONS))}, k) OR {wanted})"
        rows = self._rows(
            f"SELECT project, toString(received_at), toString(start), {_HEX.format('trace_id')},"
            f" {_HEX.format('span_id')}, arrayMap((k, v) -> (k, hex(v)), arrayFilter((k, v) -> {kept}, keys,"
            f" vals), arrayFilter((v, k) -> {kept}, vals, keys)),"
            " arrayMap((k, v) -> (k, hex(v)), rkeys, rvals),"
            " arrayMap(e -> (toString(e.1), arrayMap(p -> (p.1, hex(p.2)), e.3)),"
            f" arrayFilter(e -> e.2 = {quoted(EVENT)}, events)) FROM {table} WHERE {said} OR {numbered}"
        )
        found: list[Score] = []
        for project, received, start, trace, span, attributes, resource, events in rows:
            mine = _raw_values(attributes)
            around = _around(project, received, start, "0", trace, span, _raw_values(resource))
            session = next((str(mine[key]) for key in _SESSIONS if mine.get(key)), "")
            around = replace(around, session_id=session)
            found += read_annotations(mine, around)
            for time, pairs in events:
                score = read_event(_raw_values(pairs), replace(around, time=int(time) or around.time))
                found += [score] if score is not None else []
        return self.write(self._answered(found), f"{token}-scores")

    def waits(self, columns: Sequence[str]) -> bool:
        """Whether some score waits for a response, and the segment's spans name theirs."""
        return "response_id" in columns and bool(self._waiting.load(self._target, self._clock()))

    def of_responses(self, canonical: str, token: str) -> int:
        """Write the scores that waited for the responses of these canonical spans; returns how many."""
        waiting = self._waiting.load(self._target, self._clock())
        wanted = sorted({response for _, response in waiting})
        found: list[Score] = []
        for project, response, trace, span in self._rows(
            f"SELECT toString(project), hex(c_response_id), {_HEX.format('trace_id')},"
            f" {_HEX.format('span_id')} FROM {canonical}"
            f" WHERE has({array(wanted)}, ifNull(c_response_id, ''))"
        ):
            for score in waiting.pop((project, bytes.fromhex(response).decode("utf-8", "replace")), []):
                found.append(_on_span(score, trace, span))
        return self.write(found, f"{token}-responses")

    def _answered(self, scores: list[Score]) -> list[Score]:
        """The scores, with the spans of responses that are stored already; the others wait."""
        asked = [score for score in scores if score.target is ScoreTarget.RESPONSE]
        if not asked:
            return scores
        spans = self._spans_of(asked)
        waiting = self._waiting.load(self._target, self._clock())
        found = []
        for score in scores:
            if score.target is ScoreTarget.RESPONSE:
                place = spans.get((score.project, score.response_id))
                if place:
                    score = _on_span(score, *place)
                else:
                    waiting.setdefault((score.project, score.response_id), []).append(score)
            found.append(score)
        return found

    def _spans_of(self, scores: Iterable[Score]) -> dict[tuple[str, str], tuple[str, str]]:
        """Trace and span id by project and response id. Bounded in time: no index knows responses."""
        scores = list(scores)
        rows = self._target.connection.query(
            "SELECT toString(project), response_id, argMin(trace_id, start_time),"
            " argMin(span_id, start_time)"
            f" FROM {DATABASE}.spans PREWHERE project IN {{projects:Array(String)}}"
            " AND start_time BETWEEN fromUnixTimestamp64Nano({first:Int64}, 'UTC')"
            " AND fromUnixTimestamp64Nano({last:Int64}, 'UTC') AND response_id IN {ids:Array(String)}"
            " GROUP BY project, response_id",
            {
                "projects": sorted({score.project for score in scores}),
                "first": min(score.time for score in scores) - _BEFORE,
                "last": max(score.time for score in scores) + _AFTER,
                "ids": sorted({score.response_id for score in scores}),
            },
        ).rows
        return {(str(p), str(r)): (str(t), str(s)) for p, r, t, s in rows}

    def write(self, scores: Sequence[Score], token: str) -> int:
        """Insert rows; the same token again adds nothing, and neither does the same record."""
        if not scores:
            return 0
        days = {p: self._policies(p).retention_days for p in {score.project for score in scores}}
        self._local.command("DROP TEMPORARY TABLE IF EXISTS found_scores")
        self._local.command(f"CREATE TEMPORARY TABLE found_scores ({_STRUCTURE}) ENGINE = Memory")
        lists: list[list[Any]] = [
            [days[s.project] if name == "retention_days" else getattr(s, name) for s in scores]
            for name in _COLUMNS
        ]
        self._local.insert("found_scores", _COLUMNS, lists)
        values = {name: name for name in _COLUMNS}
        for name in ("time", "received_at"):
            values[name] = f"fromUnixTimestamp64Nano({name}, 'UTC')"
        values["digested_at"] = f"fromUnixTimestamp64Micro({self._clock() // 1000}, 'UTC')"
        select = f"SELECT {', '.join(values.values())} FROM found_scores"
        self._target.insert_select(f"{DATABASE}.scores", list(values), select, token)
        self._local.command("DROP TEMPORARY TABLE IF EXISTS found_scores")
        return len(scores)

    def _rows(self, select: str) -> list[Any]:
        rows: list[Any] = orjson.loads(self._local.raw(select, fmt="JSONCompact"))["data"]
        return rows


def _on_span(score: Score, trace_id: str, span_id: str) -> Score:
    """A score of a response as one of its span: a newer record of the same score."""
    return replace(
        score, target=ScoreTarget.SPAN, trace_id=trace_id, span_id=span_id, version=score.version + 1
    )


def _around(
    project: str, received: str, time: str, observed: str, trace: str, span: str, resource: Mapping[str, Any]
) -> Around:
    environment = next((str(resource[key]) for key in _ENVIRONMENTS if resource.get(key)), "")
    return Around(
        project=project,
        trace_id=trace,
        span_id=span,
        session_id="",
        environment=environment,
        service=str(resource.get(_SERVICE) or ""),
        time=int(time),
        observed=int(observed),
        received_at=int(received),
    )


def _pairs(keys: str, types: str, texts: str, wanted: Sequence[str]) -> str:
    """Array of (key, type code, text in hex) of the wanted keys: texts need not be UTF-8."""
    every = f"arrayMap((k, t, x) -> (k, t, hex(x)), {keys}, {types}, {texts})"
    return f"arrayFilter(p -> has({array(list(wanted))}, p.1), {every})"


def _values(pairs: Iterable[tuple[str, int, str]]) -> dict[str, Any]:
    """Attributes from staged texts; of a key that is there twice the first counts."""
    found: dict[str, Any] = {}
    for key, code, encoded in pairs:
        raw = bytes.fromhex(encoded)
        if code in NESTED:
            value: Any = nested_value(raw)[1]
        else:
            text = raw.decode("utf-8", "replace")
            value = text
            if code == BOOL:
                value = text == "true"
            elif code == INT:
                value = int(text)
            elif code == DOUBLE:
                value = float(text)
        found.setdefault(key, value)
    return found


def _raw_values(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Attributes from raw AnyValues in hex."""
    found: dict[str, Any] = {}
    for key, encoded in pairs:
        raw = bytes.fromhex(encoded)
        try:
            value = nested_value(raw)[1] if raw[:1] and raw[0] in NESTED else plain(AnyValue.FromString(raw))
        except DecodeError:
            continue
        found.setdefault(key, value)
    return found
