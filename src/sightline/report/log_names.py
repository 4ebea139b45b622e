"""Under which names the logs of others say what a report needs, the likelier first, with their units.

A name is a path with dots into the object; it is looked for at the top and inside what wraps it (`response.`,
`body.` and the like).
"""

from __future__ import annotations

WRAPPERS = (
    "", "response.body.", "response.", "body.", "result.", "data.", "event.", "attributes.", "fields.",
    "payload.", "record.", "extra.", "log.", "kwargs.", "standard_logging_object.", "observation.", "run.",
    "metadata.",
)  # fmt: skip
# Fields in the order in which a report names them.
NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        "start_time", "startTime", "startTimeUnixNano", "started_at", "startedAt", "timestamp",
        "@timestamp", "ts", "time", "created_at", "createdAt", "created", "datetime", "date", "asctime",
        "when", "request_time", "logged_at",
    ),
    "end": (
        "end_time", "endTime", "ended_at", "endedAt", "completed_at", "completedAt", "finished_at", "end",
    ),
    "latency": (
        "duration_ns", "latency_ns", "latency_us", "duration_us", "latency_ms", "latencyMs", "duration_ms",
        "durationMs", "elapsed_ms", "elapsedMs", "took_ms", "response_time_ms", "responseTimeMs",
        "response_ms", "total_latency_ms", "total_time_ms", "time_ms", "request_duration_ms", "latency_s",
        "latency_seconds", "duration_s", "duration_seconds", "elapsed_s", "elapsed_seconds",
        "response_time_s", "took_s", "processing_time_s", "latency", "duration", "elapsed", "took",
        "response_time", "responseTime", "total_time", "processing_time", "runtime",
    ),
    "ttft": (
        "ttft_ms", "ttftMs", "time_to_first_token_ms", "timeToFirstTokenMs", "first_token_ms",
        "msToFirstChunk", "ttft_s", "time_to_first_token_s", "ttft_seconds", "timeToFirstToken",
        "time_to_first_token", "ttft", "first_token_latency", "time_to_first_chunk",
    ),
    "first_token": ("first_token_time", "completionStartTime", "completion_start_time", "first_token_at"),
    "model": (
        "model", "model_name", "modelName", "response_model", "gen_ai.response.model", "model_id",
        "modelId", "request.model", "extra.metadata.ls_model_name", "extra.invocation_params.model",
        "model_group", "deployment", "request_model", "gen_ai.request.model", "llm.model_name", "engine",
        "llm", "params.model", "modelVersion",
    ),
    "provider": (
        "provider", "custom_llm_provider", "llm_provider", "provider_name", "gen_ai.provider.name",
        "gen_ai.system", "extra.metadata.ls_provider", "vendor", "api_type",
    ),
    "input": (
        "usage.prompt_tokens", "usage.input_tokens", "usage.input", "usage.promptTokens",
        "usage.inputTokens", "usageDetails.input", "usage_details.input", "usageMetadata.promptTokenCount",
        "usage_metadata.prompt_token_count", "outputs.usage_metadata.input_tokens",
        "usage_metadata.input_tokens", "outputs.llm_output.token_usage.prompt_tokens",
        "token_usage.prompt_tokens", "tokens.input", "tokens.prompt", "prompt_tokens", "input_tokens",
        "promptTokens", "inputTokens", "tokens_in", "prompt_token_count", "num_input_tokens",
        "n_input_tokens", "tokens_prompt", "gen_ai.usage.input_tokens", "input_token_count",
        "prompt_eval_count", "meta.tokens.input_tokens",
    ),
    "output": (
        "usage.completion_tokens", "usage.output_tokens", "usage.output", "usage.completionTokens",
        "usage.outputTokens", "usageDetails.output", "usage_details.output",
        "usageMetadata.candidatesTokenCount", "usage_metadata.candidates_token_count",
        "outputs.usage_metadata.output_tokens", "usage_metadata.output_tokens",
        "outputs.llm_output.token_usage.completion_tokens", "token_usage.completion_tokens",
        "tokens.output", "tokens.completion", "completion_tokens", "output_tokens", "completionTokens",
        "outputTokens", "tokens_out", "completion_token_count", "num_output_tokens", "n_output_tokens",
        "tokens_completion", "gen_ai.usage.output_tokens", "output_token_count", "eval_count",
        "meta.tokens.output_tokens",
    ),
    "total": (
        "usage.total_tokens", "usage.total", "usage.totalTokens", "usageDetails.total", "total_tokens",
        "totalTokens", "tokens.total", "token_count", "tokens", "num_tokens",
    ),
    "cache_read": (
        "usage.prompt_tokens_details.cached_tokens", "usage.input_tokens_details.cached_tokens",
        "usage.cache_read_input_tokens", "usageDetails.input_cached_tokens",
        "usageDetails.cache_read_input_tokens", "outputs.usage_metadata.input_token_details.cache_read",
        "usageMetadata.cachedContentTokenCount", "usage_metadata.cached_content_token_count",
        "cache_read_input_tokens", "cached_tokens",
        "cache_read_tokens",
    ),
    "cache_write": (
        "usage.cache_creation_input_tokens", "usageDetails.cache_creation_input_tokens",
        "outputs.usage_metadata.input_token_details.cache_creation", "cache_creation_input_tokens",
        "cache_write_tokens",
    ),
    "reasoning": (
        "usage.completion_tokens_details.reasoning_tokens", "usage.output_tokens_details.reasoning_tokens",
        "usageDetails.output_reasoning_tokens", "usageMetadata.thoughtsTokenCount",
        "usage_metadata.thoughts_token_count", "reasoning_tokens",
    ),
    "cost": (
        "response_cost", "cost_usd", "costUsd", "total_cost", "totalCost", "calculatedTotalCost",
        "costDetails.total", "cost_details.total", "usage.cost", "cost.total", "cost", "spend", "price_usd",
        "price", "estimated_cost", "hidden_params.response_cost", "gen_ai.usage.cost",
    ),
    "user": (
        "user_id", "userId", "user.id", "end_user", "endUser", "end_user_id", "metadata.user_id",
        "metadata.userId", "extra.metadata.user_id", "customer_id", "account_id", "user", "username",
        "user_name", "uid", "metadata.user_api_key_user_id",
    ),
    "feature": (
        "feature", "feature_name", "use_case", "usecase", "metadata.feature", "extra.metadata.feature",
        "metadata.use_case", "endpoint", "route", "task", "purpose", "metadata.tags.feature", "app",
        "application",
    ),
    "service": (
        "service", "service_name", "service.name", "logger", "app_name", "session_name", "project_name",
    ),
    "error": (
        "error.type", "error.code", "error_type", "errorType", "exception.type", "exception_type",
        "exc_type", "error_code", "exception_class", "error_information.error_class", "error.message",
        "error_message", "error", "err.type", "err.name", "err", "exception", "error_str", "failure",
    ),
    "status": (
        "status_code", "statusCode", "http_status", "response.status_code", "status", "level", "outcome",
        "success", "ok", "succeeded", "log.level", "severity", "levelname",
    ),
    "answer": (
        "choices", "output_text", "outputs", "response_text", "completion", "answer", "output", "response",
        "generation", "generated_text", "message", "content", "candidates", "output.value", "result",
    ),
    "prompt": (
        "messages", "prompt", "input", "inputs", "question", "query", "request.messages", "input.value",
        "user_input",
    ),
    "name": ("name", "operation", "call_type", "event_name", "span_name", "object", "action", "msg"),
    "kind": ("kind", "span_kind", "run_type", "openinference.span.kind", "observation_type", "type"),
    "trace": ("trace_id", "traceId", "trace", "session_trace_id", "litellm_trace_id"),
    "span": (
        "span_id", "spanId", "id", "run_id", "request_id", "requestId", "litellm_call_id", "uuid",
        "call_id",
    ),
    "parent": (
        "parent_span_id", "parentSpanId", "parent_run_id", "parentObservationId", "parent_observation_id",
        "parent_id",
    ),
    "weight": ("sightline.sampling.weight", "sampling_weight", "sample_weight"),
}  # fmt: skip
# Nanoseconds of one unit; a name that says its unit needs nobody to ask.
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9}
SAID_UNITS: tuple[tuple[str, str], ...] = (
    ("_ns", "ns"), ("_us", "us"), ("_ms", "ms"), ("Ms", "ms"), ("msToFirstChunk", "ms"), ("_seconds", "s"),
    ("_s", "s"), ("_secs", "s"), ("_sec", "s"),
)  # fmt: skip
TIMED = frozenset({"latency", "ttft"})
KINDS = {
    "generation": "llm", "llm": "llm", "chat": "llm", "chat_model": "llm", "completion": "llm",
    "chat.completion": "llm", "text_completion": "llm", "responses": "llm", "response": "llm",
    "embedding": "embedding", "embeddings": "embedding", "acompletion": "llm", "aembedding": "embedding",
    "tool": "tool", "retriever": "retriever", "chain": "chain", "agent": "agent", "span": "other",
    "event": "other", "parser": "other", "prompt": "other", "rerank": "reranker", "reranker": "reranker",
    "workflow": "workflow", "guardrail": "guardrail", "evaluator": "evaluator", "message": "llm",
}  # fmt: skip
# Objects that hold the records in a list.
HOLDERS = (
    "data",
    "runs",
    "observations",
    "items",
    "results",
    "logs",
    "traces",
    "spans",
    "records",
    "rows",
    "entries",
    "calls",
)
