"""Which attributes are content: what people and models said, and what went into and came out of functions.

With `capture_content=False` these never leave the program. The list is the server's conventions, read as
names; a test compares the two, so that a convention that the server learns is known here as well.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_EXACTLY = frozenset(
    [
        "agent.backstory",
        "agent.goal",
        "all_messages_events",
        "ai.documents",
        "ai.embedding",
        "ai.embeddings",
        "ai.ranking",
        "ai.value",
        "ai.values",
        "anthropic.tool_result.content",
        "braintrust.input_json",
        "braintrust.output_json",
        "crew_agents",
        "crew_inputs",
        "crew_tasks",
        "db.query.text",
        "db.statement",
        "events",
        "final_result",
        "flow_inputs",
        "formatted_description",
        "formatted_expected_output",
        "full_command",
        "gcp.vertex.agent.llm_request",
        "gcp.vertex.agent.llm_response",
        "gcp.vertex.agent.tool_call_args",
        "gcp.vertex.agent.tool_response",
        "gen_ai.agent.tools",
        "gen_ai.evaluation.explanation",
        "gen_ai.guardrail.input",
        "gen_ai.guardrail.output",
        "gen_ai.input.messages",
        "gen_ai.input.messages.ref",
        "gen_ai.memory.query.text",
        "gen_ai.memory.records",
        "gen_ai.output.messages",
        "gen_ai.output.messages.ref",
        "gen_ai.request.instructions",
        "gen_ai.retrieval.documents",
        "gen_ai.retrieval.query.text",
        "gen_ai.system_instructions",
        "gen_ai.task.input",
        "gen_ai.task.output",
        "gen_ai.tool.args",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.tool.definitions",
        "gen_ai.tool.input",
        "gen_ai.tool.output",
        "genkit:input",
        "genkit:output",
        "haystack.agent.input",
        "haystack.agent.output",
        "haystack.component.input",
        "haystack.component.output",
        "haystack.pipeline.input_data",
        "haystack.pipeline.output_data",
        "input.value",
        "langfuse.observation.input",
        "langfuse.observation.output",
        "langfuse.trace.input",
        "langfuse.trace.output",
        "langsmith.attachments",
        "lk.function_tools",
        "llm.function_call",
        "llm.invocation_parameters",
        "llm.messages",
        "lmnr.span.input",
        "lmnr.span.output",
        "logfire.msg_template",
        "logfire.msg",
        "mcp.request.argument",
        "mcp.response.value",
        "mlflow.chat.tools",
        "mlflow.chunk.value",
        "mlflow.spanInputs",
        "mlflow.spanOutputs",
        "model_request_parameters",
        "new_context",
        "output.value",
        "pydantic_ai.all_messages",
        "request_data",
        "reranker.query",
        "response.model_output",
        "response_data",
        "sightline.score.correction",
        "span.input",
        "span.output",
        "tool.parameters",
        "tool_arguments",
        "tool_input",
        "tool_response",
        "trace.input",
        "trace.output",
        "traceloop.entity.input",
        "traceloop.entity.output",
        "user_prompt",
        "user_system_prompt",
    ]
)
_BEGINNINGS = (
    "ai.prompt", "ai.response.files", "ai.response.object", "ai.response.text", "ai.response.toolCalls",
    "ai.result.object", "ai.result.text", "ai.result.toolCalls", "ai.toolCall.args", "ai.toolCall.result",
    "db.query.embeddings", "db.query.result", "embedding.embeddings", "gen_ai.completion.", "gen_ai.prompt.",
    "input.value.", "lk.pii.", "llm.completions.", "llm.input_messages", "llm.output_messages",
    "llm.prompt_template", "llm.prompts", "llm.tools", "message.content", "message.function_call",
    "message.tool_calls", "output.value.",
    "reranker.input_documents", "reranker.output_documents", "retrieval.documents", "tool.output",
    "traceloop.prompt.template",
)  # fmt: skip
_NAMES = ("gen_ai.prompt.name", "gen_ai.prompt.version", "gen_ai.prompt.id", "ai.prompt.name")
# Agents and tasks of CrewAI are prompts, and their descriptions are filled in with what a crew was asked.
_OF_CREWS = frozenset(
    [
        "agents", "backstory", "context", "description", "expected_output", "goal", "inputs", "output",
        "result", "tasks",
    ]
)  # fmt: skip
_ENDINGS = (".message_content.text", ".message_content.image.image.url", ".message_content.audio.audio.url")


@lru_cache(maxsize=5000)
def is_content(key: str) -> bool:
    """Whether an attribute's value is content.

    >>> is_content("gen_ai.input.messages"), is_content("llm.input_messages.0.message.content")
    (True, True)
    >>> is_content("gen_ai.request.model")
    False
    """
    if key in _EXACTLY or key in ("gen_ai.prompt", "gen_ai.completion"):
        return True
    if key in _NAMES:
        return False
    if key.startswith("mastra.") and key.endswith((".input", ".output")):
        return True
    if key.startswith("crewai.") and key.rpartition(".")[2] in _OF_CREWS:
        return True
    return key.startswith(_BEGINNINGS) or key.endswith(_ENDINGS)


def event_is_content(name: str) -> bool:
    """Whether all attributes of a span event with this name are content (`content`, `message`, …)."""
    return name in ("gen_ai.choice", "tool.output") or (
        name.startswith("gen_ai.") and name.endswith(".message")
    )


# What quotes content: exceptions say what they did not like (pydantic, providers), addresses what was asked.
_QUOTES: Final = frozenset(
    [
        "error.message",
        "exception.message",
        "langfuse.observation.status_message",
        "sightline.job.retry",
        "status.message",
        "url.query",
    ]
)
_ADDRESSES: Final = frozenset(["http.target", "http.url", "url.full", "url.original"])
_STACK: Final = "exception.stacktrace"
_STACK_BEGINS: Final = "Traceback (most recent call last):\n"
_FRAME: Final = re.compile(r'  File "[^"\n]*", line \d+, in [^\n]*')


def quotes_content(key: str) -> bool:
    """Whether an attribute, or a span's `status.message`, is likely to quote content.

    >>> quotes_content("exception.message"), quotes_content("exception.type")
    (True, False)
    """
    return key in _QUOTES


def without_quotes(key: str, text: str) -> str:
    """An attribute's text without what may be quoted in it: a stack without its messages, an address without
    its query; all else as it is.

    >>> without_quotes("url.full", "https://shop.example/find?q=my+illness")
    'https://shop.example/find'
    >>> without_quotes("exception.stacktrace", "ValueError: my illness")
    ''
    """
    if key in _ADDRESSES:
        return re.split(r"[?#]", text, maxsplit=1)[0]
    return _frames(text) if key == _STACK else text


def _frames(stack: str) -> str:
    """The frames of the first traceback. Messages come after it, so nothing in them is taken for a frame."""
    if not stack.startswith(_STACK_BEGINS):
        return ""
    frames = []
    for line in stack[len(_STACK_BEGINS) :].splitlines():
        if not line.startswith("  "):
            break
        if _FRAME.fullmatch(line):
            frames.append(line)
    return "\n".join((_STACK_BEGINS.strip(), *frames)) if frames else ""
