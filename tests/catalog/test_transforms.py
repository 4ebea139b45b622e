from __future__ import annotations

from typing import Any

import pytest

from sightline.catalog.conventions import STEPS, conventions
from sightline.catalog.transforms import Surroundings, apply, inside
from sightline.catalog.vocabulary import FieldType, Step

SECOND = 1_000_000_000
AROUND = Surroundings(conventions().words, 1_700_000_000 * SECOND)
# step, value, result
CASES: list[tuple[str, Any, Any]] = [
    ("json2", '"gpt-4o"', "gpt-4o"),
    ("json2", '"\\"x\\""', "x"),
    ("json2", "123", "123"),
    ("json2", '{"a": 1}', '{"a": 1}'),
    ("const:llm", "x", "llm"),
    ("const:llm", " ", None),
    ("const_if_true:traceloop", "true", "traceloop"),
    ("const_if_true:traceloop", False, None),
    ("equals:2", 2, True),
    ("equals:2", 1, None),
    ("is:error", "error", True),
    ("is:error", "success", False),
    ("above:0", 3, True),
    ("above:0", 0, None),
    ("matches:^ai\\.stream", "ai.streamText", True),
    ("matches:^ai\\.stream", "ai.generateText", None),
    ("not", True, False),
    ("not", "what", None),
    ("minus_one", 1, 0),
    ("minus_one", 0, None),
    ("percent", 25, 0.25),
    ("percent", "12.5", 0.125),
    ("percent", 0, None),
    ("percent", -5, None),
    ("adjusted_count", "ot=th:8", 2.0),
    ("adjusted_count", "ot=th:0", 1.0),
    ("adjusted_count", "ot=th:c", 4.0),
    ("adjusted_count", "a=b,ot=rv:01;th:e6666666666668", 10.000000000000002),
    ("adjusted_count", "ot=th:ffffffffffffff", 2.0**56),
    ("adjusted_count", "ot=th:fffffffffffffff", None),
    ("adjusted_count", "ot=th:8x", None),
    ("adjusted_count", "not=th:8", None),
    ("adjusted_count", "ot=p:8", None),
    ("weight", 1, 1),
    ("weight", 2.5, 2.5),
    ("weight", "10", "10"),
    ("weight", 1_000_000, 1_000_000),
    ("weight", 0.99, None),
    ("weight", 1_000_001, None),
    ("weight", float("inf"), None),
    ("weight", float("nan"), None),
    ("weight", -3, None),
    ("weight", True, None),
    ("weight", "many", None),
    ("inverse", 4.0, 0.25),
    ("inverse", 0, None),
    ("s_to_ns", 1.5, 1_500_000_000),
    ("s_to_ns", -1, None),
    ("s_to_ns", 1e300, None),
    ("ms_to_ns", "2.5", 2_500_000),
    ("iso_minus_start_ns", "2023-11-14T22:13:20.5Z", SECOND // 2),
    ("iso_minus_start_ns", "2023-11-14T23:13:21+01:00", SECOND),
    ("iso_minus_start_ns", "2023-11-14 22:13:20.000000001", 1),
    ("iso_minus_start_ns", "2023-11-14T22:13:19Z", None),
    ("iso_minus_start_ns", "2023-13-14T22:13:19Z", None),
    ("iso_minus_start_ns", "yesterday", None),
    ("before_first_dot", "openai.responses", "openai"),
    ("strip_prefix:experiment_id:", "experiment_id:7", "7"),
    ("strip_prefix:experiment_id:", "project_id:7", None),
    ("strip_python_class_repr", "<class 'ValueError'>", "ValueError"),
    ("strip_python_class_repr", "ValueError", "ValueError"),
    ("date_suffix", "gpt-4o-2024-08-06", "2024-08-06"),
    ("date_suffix", "claude-sonnet-4-5-20250929", "20250929"),
    ("date_suffix", "us.anthropic.claude-3-5-sonnet-20241022-v2:0", "20241022"),
    ("date_suffix", "gpt-4o", None),
    ("url_host", "https://user:pw@API.openai.com:443/v1?x=1", "api.openai.com"),
    ("url_host", "http://[::1]:8080/", "[::1]"),
    ("url_redact", "https://u:p@h/x?api_key=1&q=2#f", "https://h/x?api_key=REDACTED&q=2#f"),
    (
        "url_redact",
        "https://h/x?X-Amz-Signature=abc&token=d",
        "https://h/x?X-Amz-Signature=REDACTED&token=REDACTED",
    ),
    ("python_repr:cache_read", "{'audio': 1, 'cache_read': 5}", "5"),
    ("python_repr:cache_read", "{}", None),
    ("usage:input", '{"input": 10, "input_cached_tokens": 5, "output": 3, "total": 18}', 15),
    ("usage:output", '{"input": 10, "output": 3, "output_reasoning_tokens": 2}', 5),
    ("usage:input", {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}}, 9),
    ("usage:input", {"input_tokens": 9, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 1}, 14),
    ("usage:output", '"{\\"output_tokens\\": 4}"', 4),
    ("usage:input", "[1]", None),
    ("not_redacted", "<REDACTED>", None),
    ("not_redacted", "text", "text"),
    ("enum:provider", "az.ai.openai", "azure.ai.openai"),
    ("enum:provider", "deepseek", "deepseek"),
    ("enum:provider", "langchain", None),
    ("enum:span_kind", "LLM", "llm"),
    ("enum:span_kind", "nonsense", None),
    ("enum:host_to_provider", "acme.openai.azure.com", "azure.ai.openai"),
    ("enum:host_to_provider", "api.openai.com.evil.example", None),
    ("enum:scope_to_framework", "openinference.instrumentation.langchain.v2", "langchain"),
    ("enum:severity_number", 17, "error"),
    ("enum:mcp_method_to_kind", "tools/call", "tool"),
    ("enum:mcp_method_to_kind", "resources/read", "mcp"),
]


@pytest.mark.parametrize(("step", "value", "result"), CASES)
def test_step(step: str, value: Any, result: Any) -> None:
    name, _, argument = step.partition(":")
    assert apply(Step(name, argument), value, FieldType.STR, AROUND) == result


def test_steps_on_lists() -> None:
    finish = Step("enum", "finish_reason")
    assert apply(finish, ["STOP", "odd"], FieldType.LIST, AROUND) == ["stop", "odd"]
    assert apply(Step("split_comma"), "a, b,", FieldType.LIST, AROUND) == ["a", "b", ""]


def test_every_step_that_may_be_used_has_a_case() -> None:
    tested = {step.partition(":")[0] for step, _, _ in CASES} | {"split_comma"}
    remarks = {
        "cache_included",
        "cache_excluded",
        "cache_inferred",
        "reasoning_inferred",
        "reasoning_excluded",
    }
    assert STEPS.keys() - tested - remarks == set()


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ('{"a": {"b": 1}}', "1"),
        ({"a": {"b": "x"}}, "x"),
        ('"{\\"a\\": {\\"b\\": 2}}"', "2"),
        ('{"a": [1]}', None),
        ("not json", None),
        ('{"a": {"b": NaN}}', None),
        ("[" * 100_000, None),
        (3, None),
    ],
)
def test_the_value_at_a_path(value: Any, result: Any) -> None:
    assert inside(value, ("a", "b")) == result
