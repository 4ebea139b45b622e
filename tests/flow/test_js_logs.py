"""Lines of pino and winston with the ids of their trace, by what OpenTelemetry keeps for them."""

from __future__ import annotations

import json

import pytest
from js_collector import collecting
from js_parts import Installed

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]


def test_lines_have_the_ids_of_the_active_span() -> None:
    installed = Installed()
    with collecting() as server:
        said = installed.run("logs.cjs", env={"SIGHTLINE_ENDPOINT": server.url})
        (span,) = server.spans()
    lines = [json.loads(line) for line in said.splitlines()]
    turned_on, ids, *rest = lines
    assert {"@opentelemetry/instrumentation-pino", "@opentelemetry/instrumentation-winston"} <= set(turned_on)
    assert ids == {"traceId": span["traceId"], "spanId": span["spanId"]}
    by_text = {line.get("msg") or line.get("message"): line for line in rest}
    assert set(by_text) == {"of pino", "of winston", "outside"}
    for text in ("of pino", "of winston"):
        line = by_text[text]
        assert (line["trace_id"], line["span_id"]) == (span["traceId"], span["spanId"]), text
    assert "trace_id" not in by_text["outside"]
