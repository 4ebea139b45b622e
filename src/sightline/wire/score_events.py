"""Scores as the OpenTelemetry log records that any sender could send: there is one way in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber

from sightline.records.ingest import Signal, Submission
from sightline.records.scores import Score, ScoreTarget

EVENT = "gen_ai.evaluation.result"
SOURCE = "api"
"""How rows say that they came in through the API."""


def submission(project: str, scores: Sequence[Score], now: int) -> Submission:
    """What the journal takes: the scores of a project as one request, received at `now` (ns)."""
    payload = request(scores).SerializeToString()
    return Submission(project, Signal.LOGS, payload, now, SOURCE, len(scores))


def request(scores: Iterable[Score]) -> ExportLogsServiceRequest:
    """An OTLP request with one log record for each score, in groups of one resource."""
    made = ExportLogsServiceRequest()
    groups: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.environment, score.service), []).append(score)
    for (environment, service), members in groups.items():
        group = made.resource_logs.add()
        about = {"deployment.environment.name": environment, "service.name": service}
        group.resource.attributes.extend(_texts(about))
        scope = group.scope_logs.add()
        scope.scope.name = "sightline.scores"
        scope.log_records.extend(map(_record, members))
    return made


def _record(score: Score) -> LogRecord:
    attributes = _texts(
        {
            "gen_ai.evaluation.name": score.name,
            "gen_ai.evaluation.score.label": score.label,
            "gen_ai.evaluation.explanation": score.comment,
            "gen_ai.response.id": score.response_id,
            "session.id": score.session_id,
            "sightline.score.id": score.id,
            "sightline.score.target": "" if score.target is ScoreTarget.RESPONSE else str(score.target),
            "sightline.score.data_type": str(score.data_type),
            "sightline.score.correction": score.correction,
            "sightline.score.source": str(score.source),
            "sightline.score.author": score.author,
            "sightline.score.method": score.method,
        }
    )
    if score.value is not None:
        key = "gen_ai.evaluation.score.value"
        attributes.append(KeyValue(key=key, value=AnyValue(double_value=score.value)))
    if score.deleted:
        attributes.append(KeyValue(key="sightline.score.deleted", value=AnyValue(bool_value=True)))
    return LogRecord(
        event_name=EVENT,
        time_unix_nano=score.time,
        observed_time_unix_nano=score.version,
        severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
        severity_text="INFO",
        trace_id=bytes.fromhex(score.trace_id),
        span_id=bytes.fromhex(score.span_id),
        attributes=attributes,
    )


def _texts(said: dict[str, str]) -> list[KeyValue]:
    """Attributes that are texts; what is empty is not said."""
    return [KeyValue(key=key, value=AnyValue(string_value=text)) for key, text in said.items() if text]
