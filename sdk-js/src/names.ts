// Attribute names that the SDK writes: OpenTelemetry's first, then OpenInference's, then Sightline's own.
// The Python SDK has the same list (a test compares the two).

// Who, and in which part of the product.
export const SESSION_ID = "session.id";
export const USER_ID = "user.id";
export const TEAM = "sightline.team";
export const FEATURE = "sightline.feature";
export const VERSION = "sightline.version";
export const RELEASE = "sightline.release";
export const TAGS = "sightline.tags";

// The sender.
export const SERVICE_NAME = "service.name";
export const SERVICE_VERSION = "service.version";
export const SENDER = "service.instance.id";
export const ENVIRONMENT = "deployment.environment.name";
export const DISTRO_NAME = "telemetry.distro.name";
export const DISTRO_VERSION = "telemetry.distro.version";

// What a span is, and what went in and out.
export const SPAN_KIND = "openinference.span.kind";
export const INPUT_VALUE = "input.value";
export const INPUT_MIME_TYPE = "input.mime_type";
export const OUTPUT_VALUE = "output.value";
export const OUTPUT_MIME_TYPE = "output.mime_type";
export const ERROR_TYPE = "error.type";
// Iterated to its end or not: `closed`, `cancelled` or `collected` (nobody held it any more).
export const LEFT_EARLY = "sightline.left_early";
export const ITEMS = "sightline.items";

// Calls of models (OpenTelemetry's semantic conventions for GenAI).
export const OPERATION = "gen_ai.operation.name";
export const PROVIDER = "gen_ai.provider.name";
export const REQUEST_MODEL = "gen_ai.request.model";
export const RESPONSE_MODEL = "gen_ai.response.model";
export const RESPONSE_ID = "gen_ai.response.id";
export const FINISH_REASONS = "gen_ai.response.finish_reasons";
export const STREAM = "gen_ai.request.stream";
export const TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk";
export const INPUT_TOKENS = "gen_ai.usage.input_tokens";
export const OUTPUT_TOKENS = "gen_ai.usage.output_tokens";
export const CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens";
export const CACHE_WRITE_TOKENS = "gen_ai.usage.cache_creation.input_tokens";
export const INPUT_MESSAGES = "gen_ai.input.messages";
export const OUTPUT_MESSAGES = "gen_ai.output.messages";
export const SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions";
export const REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens";
export const TOOL_DEFINITIONS = "gen_ai.tool.definitions";
export const DIMENSIONS = "gen_ai.embeddings.dimension.count";
// How the chunks of a stream came: how many, the longest wait and the 95th percentile of all waits for the
// next one in seconds, and how many waits were longer than one second.
export const CHUNKS = "sightline.stream.chunks";
export const CHUNK_GAP_MAX = "sightline.stream.gap.max";
export const CHUNK_GAP_P95 = "sightline.stream.gap.p95";
export const STALLS = "sightline.stream.stalls";

// Tools and retrieval.
export const TOOL_NAME = "gen_ai.tool.name";
export const TOOL_CALL_ID = "gen_ai.tool.call.id";
export const TOOL_ARGUMENTS = "gen_ai.tool.call.arguments";
export const TOOL_RESULT = "gen_ai.tool.call.result";
export const TOOL_TYPE = "gen_ai.tool.type";
export const TOOL_DESCRIPTION = "gen_ai.tool.description";
export const RETRIEVAL_QUERY = "gen_ai.retrieval.query.text";
export const RETRIEVAL_DOCUMENTS = "gen_ai.retrieval.documents";
export const RETRIEVAL_TOP_K = "gen_ai.retrieval.top_k";
export const DATA_SOURCE = "gen_ai.data_source.id";

// Numbering and sampling.
export const SEQUENCE = "sightline.sequence";
export const WEIGHT = "sightline.sampling.weight";
export const SAMPLING_REASON = "sightline.sampling.reason";

// The sender's own account, as metrics.
export const SDK_SPANS = "sightline.sdk.spans";
export const SDK_LOGS = "sightline.sdk.logs";
export const SDK_SPOOL_BYTES = "sightline.sdk.spool.bytes";
export const OUTCOME = "outcome";
export const REASON = "reason";

// Of a metric's point whose attributes redaction changed: tells it from others that look the same now.
export const REDACTED = "sightline.redacted";

// Requests that a program serves (OpenTelemetry's conventions for HTTP).
export const HTTP_METHOD = "http.request.method";
export const HTTP_ROUTE = "http.route";
export const HTTP_STATUS = "http.response.status_code";
export const URL_PATH = "url.path";
export const URL_SCHEME = "url.scheme";
export const CLIENT_DISCONNECTED = "sightline.client.disconnected";

// Scores: log records with this event name.
export const SCORE_EVENT = "gen_ai.evaluation.result";
export const SCORE_NAME = "gen_ai.evaluation.name";
export const SCORE_VALUE = "gen_ai.evaluation.score.value";
export const SCORE_LABEL = "gen_ai.evaluation.score.label";
export const SCORE_EXPLANATION = "gen_ai.evaluation.explanation";
export const SCORE_ID = "sightline.score.id";
export const SCORE_TARGET = "sightline.score.target";
export const SCORE_DATA_TYPE = "sightline.score.data_type";
export const SCORE_CORRECTION = "sightline.score.correction";
export const SCORE_SOURCE = "sightline.score.source";
export const SCORE_AUTHOR = "sightline.score.author";
export const SCORE_METHOD = "sightline.score.method";
export const SCORE_DELETED = "sightline.score.deleted";
