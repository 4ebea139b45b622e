"""What an ended span says of a GenAI operation, in OpenTelemetry's or OpenInference's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sightline.sdk import names
from sightline.sdk.usage import number

# Whose tokens are those of a request to a model; agents and workflows repeat those of the requests below
# them.
REQUESTS: Final = frozenset({"chat", "generate_content", "text_completion", "embeddings", "rerank"})
_OF_KIND: Final = {
    "LLM": "chat",
    "EMBEDDING": "embeddings",
    "RERANKER": "rerank",
    "TOOL": "execute_tool",
    "AGENT": "invoke_agent",
    "RETRIEVER": "retrieval",
}
_OF_TYPE: Final = {
    "chat": "chat",
    "completion": "text_completion",
    "embedding": "embeddings",
    "embeddings": "embeddings",
    "rerank": "rerank",
}
_PROVIDERS: Final = (names.PROVIDER, "gen_ai.system", "llm.provider", "llm.system")
_MODELS: Final = (
    names.REQUEST_MODEL,
    "llm.request.model",
    "llm.model_name",
    "embedding.model_name",
    "reranker.model_name",
)
_INPUTS: Final = (names.INPUT_TOKENS, "gen_ai.usage.prompt_tokens", "llm.token_count.prompt")
_OUTPUTS: Final = (names.OUTPUT_TOKENS, "gen_ai.usage.completion_tokens", "llm.token_count.completion")


@dataclass(frozen=True, slots=True)
class GenAiOperation:
    """One operation; None is unknown. `first_chunk` in seconds."""

    operation: str
    provider: str | None
    request_model: str | None
    response_model: str | None
    input_tokens: int | None
    output_tokens: int | None
    first_chunk: float | None

    @property
    def is_request(self) -> bool:
        """Whether it is a request to a model."""
        return self.operation in REQUESTS


def operation_of(attributes: Mapping[str, Any]) -> GenAiOperation | None:
    """What a span with these attributes says; None where it is no GenAI operation.

    >>> operation_of({"openinference.span.kind": "LLM", "llm.model_name": "m"}).operation
    'chat'
    >>> operation_of({"http.request.method": "GET"})
    """
    operation = attributes.get(names.OPERATION)
    if operation is None:
        kind, typed = attributes.get(names.SPAN_KIND), attributes.get("llm.request.type")
        operation = _OF_KIND.get(kind) if isinstance(kind, str) else None
        if operation is None and isinstance(typed, str):
            operation = _OF_TYPE.get(typed)
    if not isinstance(operation, str) or not operation:
        return None
    first = attributes.get(names.TIME_TO_FIRST_CHUNK)
    return GenAiOperation(
        operation[:100],
        _text(attributes, _PROVIDERS),
        _text(attributes, _MODELS),
        _text(attributes, (names.RESPONSE_MODEL,)),
        _count(attributes, _INPUTS),
        _count(attributes, _OUTPUTS),
        float(first)
        if isinstance(first, int | float) and not isinstance(first, bool) and first >= 0
        else None,
    )


def _text(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = attributes.get(key)
        if isinstance(value, str) and value:
            return value[:200]
    return None


def _count(attributes: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
    for key in keys:
        value = number(attributes.get(key))
        if value is not None:
            return value
    return None
