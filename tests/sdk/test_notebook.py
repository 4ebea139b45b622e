"""Real IPython: one trace for each cell that makes spans, and a link under it."""

from __future__ import annotations

import json

import pytest
from tests.sdk.sdk_process import run

from sightline.sdk.notebook import TraceLink

PROGRAM = """
    import json, sightline
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from opentelemetry import trace
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    shell = InteractiveShell.instance()
    spans, shown = InMemorySpanExporter(), []

    def cell(source):
        with capture_output() as captured:
            shell.run_cell(source, store_history=True)
        shown.append([output.data for output in captured.outputs])

    cell("import sightline\\nsightline.init(endpoint='http://127.0.0.1:9', spool='off', instrument=False)")
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(spans))
    cell("%load_ext sightline")
    cell("%load_ext sightline")
    cell("# a comment\\nwith sightline.span('first'):\\n    with sightline.span('inner'):\\n        pass")
    cell("x = 1")
    cell("with sightline.span('second'):\\n    1 / 0")
    cell("import asyncio\\nasync def go():\\n    with sightline.span('later'):\\n        pass\\nawait go()")
    cell("%unload_ext sightline")
    cell("with sightline.span('unwatched'):\\n    pass")
    made = [
        (s.name, f"{s.context.trace_id:032x}", s.parent is None, s.status.status_code.name,
         dict(s.attributes))
        for s in spans.get_finished_spans()
    ]
    print("TOLD" + json.dumps({"shown": shown, "spans": made}))
    sightline.shutdown(0.1)
"""


@pytest.fixture(scope="module")
def told() -> dict:
    done = run(PROGRAM, env={"IPYTHONDIR": "/nonexistent"})
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("TOLD")]
    return json.loads(line[4:]) | {"stderr": done.stderr}


def test_each_cell_with_spans_is_one_trace(told: dict) -> None:
    by_name = {name: (trace_id, root) for name, trace_id, root, *_ in told["spans"]}
    assert by_name["first"][0] == by_name["inner"][0]
    assert not by_name["first"][1], "the cell's span is above it"
    assert len({by_name[n][0] for n in ("first", "second", "later", "unwatched")}) == 4
    assert by_name["unwatched"][1]


def test_a_cell_is_named_by_its_first_line_of_code_and_holds_its_source(told: dict) -> None:
    roots = [s for s in told["spans"] if s[2] and s[0] != "unwatched"]
    first, second = "with sightline.span('first'):", "with sightline.span('second'):"
    assert [s[0] for s in roots] == [first, second, "import asyncio"]
    assert roots[0][4]["code.source"].startswith("# a comment")
    assert [s[3] for s in roots] == ["UNSET", "ERROR", "UNSET"]


def test_a_link_is_shown_under_it_and_only_there(told: dict) -> None:
    roots = {s[1] for s in told["spans"] if s[2]}
    links = [output["text/html"] for cell in told["shown"] for output in cell if "text/html" in output]
    assert len(links) == 3
    for link in links:
        [found] = [trace_id for trace_id in roots if f"http://127.0.0.1:9/traces/{trace_id}" in link]
        assert found


def test_an_address_can_do_nothing_in_the_page() -> None:
    html = TraceLink('http://x/"><script>alert(1)</script>', "ab<b>")._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "href" not in TraceLink("javascript:alert(1)", "ab")._repr_html_()


def test_without_ipython_nothing_happens() -> None:
    done = run("import sightline; from sightline.sdk.notebook import watch_notebook; print(watch_notebook())")
    assert done.stdout.strip() == "False", done.stderr
