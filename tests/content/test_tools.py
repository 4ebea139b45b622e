"""Tool definitions of every SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.content.tools import definitions
from sightline.records.conversation import ToolDefinition

SCHEMA = {"type": "object"}
FULL = ToolDefinition("f", "d", '{"type": "object"}')


@pytest.mark.parametrize(
    "value",
    [
        [{"type": "function", "name": "f", "description": "d", "parameters": SCHEMA}],
        [{"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}],
        [{"name": "f", "description": "d", "input_schema": SCHEMA}],
        [json.dumps({"type": "function", "name": "f", "description": "d", "inputSchema": SCHEMA})],
        {"tools": [{"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": SCHEMA}}}]},
        [{"function_declarations": [{"name": "f", "description": "d", "parameters": SCHEMA}]}],
        {
            "llm.request.functions.0.name": "f",
            "llm.request.functions.0.description": "d",
            "llm.request.functions.0.parameters": '{"type": "object"}',
        },
        {
            "llm.tools.0.tool.json_schema": json.dumps(
                {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}
            )
        },
    ],
)
def test_a_tool_of_each_sdk(value: Any) -> None:
    assert definitions(json.dumps(value)) == (FULL,)


def test_names_alone_and_tools_of_the_provider() -> None:
    assert definitions('["f", "g"]') == (ToolDefinition("f"), ToolDefinition("g"))
    assert definitions('[{"type": "web_search_preview"}]') == (ToolDefinition("web_search_preview"),)


def test_credentials_of_a_tools_server_are_not_shown() -> None:
    [tool] = definitions(
        json.dumps(
            [{"type": "mcp", "server_label": "s", "server_url": "https://x", "headers": {"k": "secret"}}]
        )
    ) or [ToolDefinition("")]
    assert "secret" not in tool.rest and "https://x" in tool.rest and "headers" in tool.rest


KEYS = st.sampled_from(["tools", "function", "name", "tool", "json_schema", "parameters", "toolSpec"])
VALUES = st.recursive(
    st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)
)


@given(VALUES)
def test_any_structure_is_answered(value: Any) -> None:
    definitions(json.dumps(value))
