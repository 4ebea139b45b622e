"""Generated spans: every key of the catalog with values that fit its sources, and values that do not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from sightline.catalog.conventions import conventions
from sightline.catalog.reference import SpanFacts
from sightline.catalog.vocabulary import Emitter, Field, FieldType, Scope, Source

CATALOG = conventions()
START = 1_794_960_000 * 10**9
# Characters that quoting, JSON or regular expressions trip over.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="")
    | st.sampled_from("'\"\\`{}[],:.\n\t\r \x00\x01é漢😀%$()*"),
    max_size=10,
)
ODD = st.sampled_from(
    [
        "",
        " ",
        "\n",
        " \t\r\n\x0c\x0b",
        "\xa0",
        "0",
        "1",
        "12",
        " 7 ",
        "007",
        "3.0",
        "3.5",
        "-1",
        "1e5",
        "1e400",
        "nan",
        "inf",
        "+5",
        "5.",
        ".5",
        "true",
        "True",
        "TRUE",
        "false",
        "0.0",
        "null",
        "None",
        "[]",
        "{}",
        "[",
        '"',
        '""',
        '"x"',
        '["a", " b ", "", null, 1, 2.50, true, ["c"], {"d": 1}]',
        '[1, "a"]',
        '["\\u00e9\\n"]',
        "[1",
        ' ["x"] ',
        "[NaN]",
        "999999999999999999",
        "1000000000000000000",
        "9223372036854775807",
        "18446744073709551616",
        "1" * 50,
        "<REDACTED>",
        "__REDACTED__",
        "{'cache_read': 5, 'x': 'y'}",
        "<class 'a.B'>",
        "a,b, ,c",
        "stop",
        "LLM",
        "a.b.c",
        "gpt-4o-2024-08-06",
        "claude-3-5-sonnet@20240620",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "m-20259999",
        "https://u:p@Host.example:443/a?api_key=1&q=2#f",
        "host:80",
        "[::1]:80",
        "http://[::1]/x",
        "://",
        "?x",
        "@",
    ]
)
ISO = st.sampled_from(
    [
        "2026-11-18T00:00:01Z",
        "2026-11-18T00:00:00.123456789Z",
        "2026-11-18 00:00:02",
        "2026-11-18T01:00:01+01:00",
        "2026-11-18T00:00:01.5+0000",
        "2026-13-01T00:00:00Z",
        "2026-11-18",
        "2026-11-18T25:00:00Z",
        "2020-01-01T00:00:00Z",
        "2026-11-18T00:00:01",
        " 2026-11-18T00:00:01Z ",
        "1794960001",
        "1794960001000",
        "yesterday",
    ]
)
INTS = st.sampled_from(
    [0, 1, 2, -1, 5, 100, 127, 128, 16383, 16384, 2**31, 2**53 + 1, 2**62, 2**63 - 1, -(2**63), 10**18]
)
FLOATS = st.sampled_from(
    [
        0.0,
        -0.0,
        1.0,
        0.5,
        0.1 + 0.2,
        3.0,
        -1.0,
        1e300,
        1e-300,
        5e-324,
        1e20,
        1e21,
        9e18,
        2.0**63,
        1e-05,
        1e-06,
        1e-07,
        123456.789,
        float("nan"),
        float("inf"),
        float("-inf"),
        1.5e-09,
        2.5e-09,
        0.001,
        1234567890123456.8,
    ]
)
SCALARS = (
    st.none() | st.booleans() | INTS | st.integers(-(2**63), 2**63 - 1) | FLOATS | st.floats() | TEXTS | ODD
    | st.binary(max_size=4)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
STATES = [
    "", "", "", "ot=th:8", "ot=th:0", "ot=th:c", "ot=th:e6666666666668", "ot=rv:0123456789abcd;th:fd70a4",
    "a=b, ot=th:fffff,c=d", "ot=th:fffffffffffffff", "ot=th:", "ot=xth:8", "not=th:8", "ot=th:FF", "ot=p:8",
    "ot=th:ffffffffffffff", "ot=th:8;rv:1", "a=b,\tot=th:5555", "ot=th:8x", " ot=th:f ",
]  # fmt: skip
USAGE = st.dictionaries(
    st.sampled_from(
        [
            "input",
            "output",
            "input_tokens",
            "output_tokens",
            "prompt_tokens",
            "completion_tokens",
            "input_cached",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "output_reasoning",
            "total",
            "inputs",
        ]
    ),
    st.sampled_from([0, 1, 7, 100, "5", " 6 ", "x", None, 2.0, 2.5, -1, True]),
    max_size=5,
)


@dataclass(frozen=True)
class Sent:
    """A span as it is sent and as the reference reads it. `trace_id` and `span_id` are its own."""

    facts: SpanFacts
    kind: int = 0


@cache
def _leaf(at: int) -> st.SearchStrategy[Any]:
    """Values that have a chance with a source of `READ`."""
    return _leaf_of(*READ[at])


def _leaf_of(field: Field, source: Source) -> st.SearchStrategy[Any]:
    found: list[st.SearchStrategy[Any]] = [SCALARS]
    for step in source.steps:
        if step.name == "enum":
            words = CATALOG.words[step.argument]
            found.append(st.sampled_from(sorted(words.exact) + sorted(words.reject) + ["Other", " stop "]))
            found.append(st.lists(st.sampled_from([*sorted(words.exact), "x", " "]), max_size=3))
        elif step.name == "usage":
            found += [USAGE, USAGE.map(json.dumps)]
        elif step.name == "iso_minus_start_ns":
            found.append(ISO)
        elif step.name in ("equals", "is", "strip_prefix"):
            found.append(st.sampled_from([step.argument, f" {step.argument} ", step.argument + "x"]))
        elif step.name in ("weight", "percent"):
            found.append(st.sampled_from([1, 1.0, 0.999, 1e6, 1000001, "1e6", "2.5", 50, 12.5, "10", 1e-9]))
        elif step.name == "json2":
            found.append(TEXTS.map(json.dumps) | TEXTS.map(json.dumps).map(json.dumps))
    if field.type is FieldType.LIST:
        found.append(st.lists(SCALARS, max_size=4) | st.lists(TEXTS, max_size=3).map(json.dumps))
    if field.type in (FieldType.INT, FieldType.FLOAT):
        found += [INTS, FLOATS, st.integers(0, 2000), st.integers(0, 2000).map(str), st.floats(0, 2000)]
    return st.one_of(found)


def _nested(path: tuple[str, ...], leaf: Any) -> Any:
    for key in reversed(path):
        leaf = {key: leaf, "beside": 1}
    return leaf


def _json(value: Any) -> str:
    return json.dumps(value, default=lambda _: "bytes", ensure_ascii=False)


@st.composite
def _fitting(draw: st.DrawFn) -> tuple[str, Any, Source]:
    """An attribute that some source reads."""
    at = draw(st.integers(0, len(READ) - 1))
    source = READ[at][1]
    value = draw(_leaf(at))
    if source.path:
        value = _nested(source.path, value)
        form = draw(st.integers(0, 3))
        value = value if form == 0 else _json(value) if form < 3 else _json(_json(value))
    return source.attribute, value, source


READ = [
    (f, s) for f in CATALOG.span_fields for s in f.applicable if s.scope in (Scope.ATTRIBUTE, Scope.RESOURCE)
]
FAMILY_KEYS = st.sampled_from(
    [
        "llm.input_messages.0.message.role",
        "llm.input_messages.999999999.x",
        "retrieval.documents.0.document.id",
        "gen_ai.prompt.0.content",
        "gen_ai.completion.12.role",
        "some.3.thing",
        "0",
        "a.0",
        "llm.tools.1",
    ]
)
UNKNOWN_KEYS = (
    st.sampled_from(
        [
            "x",
            "a",
            "a.b",
            "a.b.c",
            "__proto__",
            "`q`",
            "a..b",
            ".",
            "",
            "key with space",
            "ünï",
            "x'y\\z\"",
            "a.`b`",
        ]
    )
    | TEXTS
)
DENIED_KEYS = st.sampled_from([k.removesuffix("*") + ("zz" if k.endswith("*") else "") for k in CATALOG.deny])


@st.composite
def attributes(draw: st.DrawFn, size: int) -> list[tuple[str, Any]]:
    """Attributes in any order, duplicates included."""
    found: list[tuple[str, Any]] = []
    for _ in range(draw(st.integers(0, size))):
        choice = draw(st.integers(0, 19))
        if choice < 12:
            key, value, _ = draw(_fitting())
        elif choice < 14:
            key, value = draw(st.sampled_from(sorted(CATALOG.keys))), draw(VALUES)
        elif choice < 15:
            key, value = draw(FAMILY_KEYS), draw(VALUES)
        elif choice < 16:
            key, value = draw(DENIED_KEYS), "denied-" + draw(st.sampled_from("abc"))
        elif choice < 17 and found:
            key, value = draw(st.sampled_from(found))[0], draw(VALUES)
        else:
            key, value = draw(UNKNOWN_KEYS), draw(VALUES)
        found.append((key, value))
    return found


def _sender(emitter: Emitter) -> tuple[str, list[tuple[str, Any]], list[tuple[str, Any]]]:
    scopes = [s.removesuffix("*") for s in emitter.scopes]
    markers = [(m.removesuffix("*") + ("x" if m.endswith("*") else ""), "1") for m in emitter.markers]
    return (scopes[0] if scopes else "", markers[:1], [("service.name", s) for s in emitter.services[:1]])


SENDERS = [_sender(e) for e in CATALOG.emitters]


@st.composite
def spans(draw: st.DrawFn, size: int = 14) -> Sent:
    """One span with its resource and scope."""
    scope, own, resource = "", [], []
    around: list[tuple[str, Any]] = []
    if draw(st.booleans()):
        scope, markers, services = draw(st.sampled_from(SENDERS))
        form = draw(st.integers(0, 2))
        scope, own, around = (
            (scope, [], []) if form == 0 else ("", markers, []) if form == 1 else ("", [], services)
        )
    else:
        scope = draw(st.sampled_from(["", "test", "opentelemetry.instrumentation.x", "x'\\y"]))
    own = own + draw(attributes(size))
    resource = around + draw(attributes(3))
    return Sent(
        SpanFacts(
            attributes=own,
            resource=resource,
            scope=scope,
            name=draw(st.sampled_from(["work", "chat gpt-4o", "", " x ", "ChatCompletion"]) | TEXTS),
            status_code=draw(st.integers(0, 2)),
            status_message=draw(st.sampled_from(["", " ", "bad\nthing"]) | TEXTS),
            is_root=draw(st.booleans()),
            start_time=START + draw(st.integers(0, 10**9)),
            dropped_attributes=draw(st.sampled_from([0, 0, 1, 7])),
            trace_state=draw(st.sampled_from(STATES)),
        ),
        kind=draw(st.integers(0, 5)),
    )
