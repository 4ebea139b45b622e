"""Attribute names that the SDK writes: OpenTelemetry's first, then OpenInference's, then Sightline's own.

The JavaScript SDK has the same list (a test compares the two).
"""

from __future__ import annotations

# Who, and in which part of the product.
SESSION_ID = "session.id"
USER_ID = "user.id"
TEAM = "sightline.team"
FEATURE = "sightline.feature"
VERSION = "sightline.version"
RELEASE = "sightline.release"
TAGS = "sightline.tags"

# The sender.
SERVICE_NAME = "service.name"
SERVICE_VERSION = "service.version"
SENDER = "service.instance.id"
ENVIRONMENT = "deployment.environment.name"
DISTRO_NAME = "telemetry.distro.name"
DISTRO_VERSION = "telemetry.distro.version"

# What a span is, and what went in and out.
SPAN_KIND = "openinference.span.kind"
INPUT_VALUE = "input.value"
INPUT_MIME_TYPE = "input.mime_type"
OUTPUT_VALUE = "output.value"
OUTPUT_MIME_TYPE = "output.mime_type"
ERROR_TYPE = "error.type"
# Iterated to its end or not: `closed`, `cancelled` or `collected` (nobody held it any more).
LEFT_EARLY = "sightline.left_early"
ITEMS = "sightline.items"

# Calls of models (OpenTelemetry's semantic conventions for GenAI).
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_ID = "gen_ai.response.id"
FINISH_REASONS = "gen_ai.response.finish_reasons"
STREAM = "gen_ai.request.stream"
TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS = "gen_ai.usage.cache_creation.input_tokens"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"
TOOL_DEFINITIONS = "gen_ai.tool.definitions"
DIMENSIONS = "gen_ai.embeddings.dimension.count"
# How the chunks of a stream came: how many, the longest wait and the 95th percentile of all waits for the
# next one in seconds, and how many waits were longer than one second.
CHUNKS = "sightline.stream.chunks"
CHUNK_GAP_MAX = "sightline.stream.gap.max"
CHUNK_GAP_P95 = "sightline.stream.gap.p95"
STALLS = "sightline.stream.stalls"

# Tools and retrieval.
TOOL_NAME = "gen_ai.tool.name"
TOOL_CALL_ID = "gen_ai.tool.call.id"
TOOL_ARGUMENTS = "gen_ai.tool.call.arguments"
TOOL_RESULT = "gen_ai.tool.call.result"
TOOL_TYPE = "gen_ai.tool.type"
TOOL_DESCRIPTION = "gen_ai.tool.description"
RETRIEVAL_QUERY = "gen_ai.retrieval.query.text"
RETRIEVAL_DOCUMENTS = "gen_ai.retrieval.documents"
RETRIEVAL_TOP_K = "gen_ai.retrieval.top_k"
DATA_SOURCE = "gen_ai.data_source.id"

# Numbering and sampling.
SEQUENCE = "sightline.sequence"
WEIGHT = "sightline.sampling.weight"
SAMPLING_REASON = "sightline.sampling.reason"

# The sender's own account, as metrics.
SDK_SPANS = "sightline.sdk.spans"
SDK_LOGS = "sightline.sdk.logs"
SDK_SPOOL_BYTES = "sightline.sdk.spool.bytes"
OUTCOME = "outcome"
REASON = "reason"

# Of a metric's point whose attributes redaction changed: tells it from others that look the same now.
REDACTED = "sightline.redacted"

# Requests that a program serves (OpenTelemetry's conventions for HTTP).
HTTP_METHOD = "http.request.method"
HTTP_ROUTE = "http.route"
HTTP_STATUS = "http.response.status_code"
URL_PATH = "url.path"
URL_SCHEME = "url.scheme"
CLIENT_DISCONNECTED = "sightline.client.disconnected"

# Scores: log records with this event name.
SCORE_EVENT = "gen_ai.evaluation.result"
SCORE_NAME = "gen_ai.evaluation.name"
SCORE_VALUE = "gen_ai.evaluation.score.value"
SCORE_LABEL = "gen_ai.evaluation.score.label"
SCORE_EXPLANATION = "gen_ai.evaluation.explanation"
SCORE_ID = "sightline.score.id"
SCORE_TARGET = "sightline.score.target"
SCORE_DATA_TYPE = "sightline.score.data_type"
SCORE_CORRECTION = "sightline.score.correction"
SCORE_SOURCE = "sightline.score.source"
SCORE_AUTHOR = "sightline.score.author"
SCORE_METHOD = "sightline.score.method"
SCORE_DELETED = "sightline.score.deleted"
