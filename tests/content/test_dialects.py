"""One model call as seven SDKs send it, through the catalog: the same conversation each time."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from tests.content.transcript import content

from sightline.catalog.conventions import conventions
from sightline.catalog.reference import SpanFacts, read
from sightline.content.conversation import conversation
from sightline.content.history import key
from sightline.demo.dialects import DIALECTS
from sightline.demo.shapes import Message, ModelCall, ToolCall
from sightline.demo.world import SHOP_TOOLS
from sightline.records.conversation import Conversation
from sightline.records.trace import SpanEvent

CALL = ModelCall(
    provider="anthropic",
    model="claude-sonnet-4-5",
    response_model="claude-sonnet-4-5-20250929",
    response_id="msg_1",
    messages=[
        Message("user", "Where is my order?"),
        Message("assistant", "Let me look.", (ToolCall("c1", "track_order", {"order": "AP1"}),)),
        Message("tool", '{"status": "in transit"}', call_id="c1"),
    ],
    output=Message("assistant", "It is on its way.", (ToolCall("c2", "notify", {"to": "u1"}),)),
    system="Be brief.",
    tools=SHOP_TOOLS,
)


def stored(dialect: str) -> Conversation:
    """The call as this SDK sends it, sorted into contents as the catalog says."""
    rendered = DIALECTS[dialect].render(CALL, 0)
    catalog = conventions()
    facts = SpanFacts(tuple(rendered.attributes.items()), scope=DIALECTS[dialect].scope, name=rendered.name)  # type: ignore[arg-type]
    values = read(facts, catalog).values
    contents = {f.column: values[f.column] for f in catalog.span_fields if f.content and f.column in values}
    families: dict[str, dict[str, object]] = defaultdict(dict)
    for name, value in rendered.attributes.items():
        family = None if name in catalog.keys else catalog.family(name)
        if family:
            families[family.column][name] = value
    given = [content(field, value) for field, value in contents.items()]
    given += [content(field, json.dumps(value)) for field, value in families.items()]
    return conversation(given, [SpanEvent(e.time, e.name, e.attributes) for e in rendered.events])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_tells_the_same(dialect: str) -> None:
    expected, found = stored("otel_genai"), stored(dialect)
    assert [(m.role, key(m), m.answer) for m in found.messages] == [
        (m.role, key(m), m.answer) for m in expected.messages
    ]
    assert len(found.messages) == 5 and found.calls == {(3, 0): (2, 1)}
    told = {"otel_genai_old", "langfuse", "openllmetry"}  # these send no definitions of tools
    assert [t.name for t in found.tools] == ([] if dialect in told else [t.name for t in expected.tools])
    assert all(left.repeats or left.source == "params_raw" for left in found.leftovers), found.leftovers
