"""What `capture_content=False` holds back: every attribute that the server reads as content."""

from __future__ import annotations

import pytest

from sightline.catalog.conventions import conventions
from sightline.sdk.content import event_is_content, is_content

FIELDS = {
    "input.messages", "output.messages", "system_instructions", "tool_definitions",
    "tool_calls", "input.value", "output.value", "prompt.template",
    "prompt.variables", "tool.arguments", "tool.result", "retrieval.query",
    "retrieval.documents", "embedding.texts", "embedding.vectors", "reranker.query",
    "reranker.input_documents", "reranker.output_documents", "memory.query", "memory.records",
}  # fmt: skip


def sources() -> list[tuple[str, str]]:
    """Names and scopes of all attributes that feed a field of content."""
    found = []
    for field in conventions().fields:
        if field.name in FIELDS:
            found += [(source.attribute, source.scope) for source in field.sources]
    return sorted(set(found))


def test_the_servers_own_list_of_content_is_known() -> None:
    found = sources()
    assert len(found) > 100
    missed = []
    for attribute, scope in found:
        if scope == "attr" and not is_content(attribute):
            missed.append(attribute)
        if scope == "prefix" and not is_content(attribute.replace("*", "0").replace("<span_type>", "llm")):
            missed.append(attribute)
        if scope == "event":
            for name in attribute.split("/")[0].split("|"):
                key = attribute.split("/")[-1]
                if not (event_is_content(name) or is_content(key) or is_content(name)):
                    missed.append(attribute)
    assert missed == []


@pytest.mark.parametrize(
    "key",
    [
        "crew_agents", "crew_tasks", "crew_inputs", "flow_inputs", "agent.goal", "agent.backstory",
        "formatted_description", "formatted_expected_output",
        "crewai.crew.agents", "crewai.crew.tasks", "crewai.task.description", "crewai.agent.goal",
        "crewai.task.result", "crewai.crew.inputs",
        "message.tool_calls.0.tool_call.function.arguments", "message.function_call_arguments_json",
    ],
)  # fmt: skip
def test_what_instrumentations_write_beside_the_conventions_is_content_too(key: str) -> None:
    """Seen by running or reading OpenInference's of CrewAI and Gemini, and OpenLLMetry's of CrewAI."""
    assert is_content(key)


@pytest.mark.parametrize(
    "key", ["crew_id", "crew_key", "crewai.crew.process", "crewai.agent.role", "message.role"]
)
def test_names_of_crews_are_no_content(key: str) -> None:
    assert not is_content(key)


@pytest.mark.parametrize(
    "key",
    ["gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.prompt.name", "session.id", "user.id",
     "llm.model_name", "llm.token_count.prompt", "openinference.span.kind", "http.route",
     "exception.message", "input.mime_type"],
)  # fmt: skip
def test_figures_and_names_are_no_content(key: str) -> None:
    assert not is_content(key)
