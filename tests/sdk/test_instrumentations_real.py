"""Real provider packages and real instrumentations, in programs of their own, against a made provider."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.sdk.fake_provider import ANSWER, PAUSE, FakeProvider
from tests.sdk.sdk_process import run

from sightline.testing import ServerProcess

BEGIN = """
    import json, sys
    import sightline
    from sightline.sdk.instrumentations import report
    from opentelemetry import trace
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    spans = InMemorySpanExporter()
    def begin(**options):
        options = {{"file": "{tmp}/spans.jsonl", "spool": "off"}} | options
        started = sightline.init(**options)
        trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(spans))
        return started
    def ask(text="What is it?", **options):
        from openai import OpenAI
        client = OpenAI(base_url="{provider}/v1", api_key="k", max_retries=0)
        with client:
            answer = client.chat.completions.create(
                model="gpt-4o", messages=[{{"role": "user", "content": text}}], **options
            )
            return list(answer) if options.get("stream") else answer
    URL = "{provider}/v1"
    def ask_anthropic(**options):
        from anthropic import Anthropic
        with Anthropic(base_url="{provider}", api_key="k", max_retries=0) as client:
            answer = client.messages.create(
                model="claude-sonnet-5", max_tokens=9, messages=[{{"role": "user", "content": "hi"}}],
                **options
            )
            return list(answer) if options.get("stream") else answer
    def tell(**more):
        ended = spans.get_finished_spans()
        made = [(s.name, s.instrumentation_scope.name, dict(s.attributes)) for s in ended]
        states = {{o.library: [o.state, o.by, o.why] for o in report().outcomes}}
        print(json.dumps({{"spans": made, "states": states, **more}}, default=str))
"""
GENAI = "opentelemetry.instrumentation.genai"


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


@pytest.fixture
def told(provider, tmp_path):
    """Runs a program after BEGIN and reads what it told."""

    def tell(program: str, **environ: str) -> dict:
        import textwrap

        begin = textwrap.dedent(BEGIN.format(provider=provider.url, tmp=tmp_path))
        done = run(begin + textwrap.dedent(program), env=environ)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1]) | {"stderr": done.stderr}

    return tell


def test_nothing_is_imported_until_the_program_does(told) -> None:
    got = told(
        """
        begin()
        before = [name for name in ("openai", "anthropic", "wrapt") if name in sys.modules]
        waiting = {o.library: o.state for o in report().outcomes}
        ask()
        tell(before=before, waiting=waiting)
        """
    )
    assert got["before"] == []
    assert got["waiting"]["openai"] == "waiting"
    assert got["states"]["openai"][0] == "on"
    assert got["states"]["anthropic"][0] == "waiting"
    [[name, scope, attributes]] = got["spans"]
    assert (name, scope) == ("chat gpt-4o", f"{GENAI}.openai")
    assert attributes["gen_ai.usage.input_tokens"] == 120
    assert ANSWER in attributes["gen_ai.output.messages"]


def test_what_is_imported_before_is_instrumented_at_once(told) -> None:
    got = told("import openai\nbegin()\nstate = report().outcome('openai').state\nask()\ntell(state=state)")
    assert got["state"] == "on"
    assert [s[1] for s in got["spans"]] == [f"{GENAI}.openai"]


def test_called_twice_one_call_is_one_span(told) -> None:
    got = told(
        """
        from sightline.sdk.instrumentations import turn_on
        begin(); sightline.init(); turn_on(True); turn_on({"openai": "openinference"})
        ask()
        sightline.init(); turn_on({"openai": "openinference"})
        ask()
        tell()
        """
    )
    assert [s[1] for s in got["spans"]] == [f"{GENAI}.openai"] * 2


def test_another_family_can_be_asked_for(told) -> None:
    got = told("begin(instrument={'openai': 'openinference'})\nask()\ntell()")
    assert [s[1] for s in got["spans"]] == ["openinference.instrumentation.openai"]
    assert list(got["states"]) == ["openai"]


def test_anthropics_own_spans_serve_where_nothing_else_is_installed(told) -> None:
    got = told(
        """
        from sightline.sdk.instrumentations import turn_on
        begin(instrument=False)
        turn_on(True, distributions={"anthropic": "2.14.0"})
        ask_anthropic()
        tell()
        """
    )
    [[_, scope, attributes]] = got["spans"]
    assert scope == "com.anthropic.sdk.python"
    assert ANSWER in attributes["gen_ai.output.messages"]
    assert got["states"]["anthropic"][0] == "native"


def test_instrument_false_turns_nothing_on(told) -> None:
    got = told("begin(instrument=False)\nask()\ntell()")
    assert (got["spans"], got["states"]) == ([], {})


def test_what_the_program_instrumented_is_left_alone(told) -> None:
    got = told(
        """
        from openinference.instrumentation.openai import OpenAIInstrumentor
        from opentelemetry.sdk.trace import TracerProvider
        trace.set_tracer_provider(TracerProvider())
        OpenAIInstrumentor().instrument()
        begin()
        ask()
        tell()
        """
    )
    assert [s[1] for s in got["spans"]] == ["openinference.instrumentation.openai"]
    state, _, why = got["states"]["openai"]
    assert (state, why) == ("left", "instrumented already, by openinference-instrumentation-openai")


def test_also_when_the_program_does_it_after_init(told) -> None:
    got = told(
        """
        begin()
        from openinference.instrumentation.openai import OpenAIInstrumentor
        OpenAIInstrumentor().instrument()
        ask()
        tell()
        """
    )
    assert [s[1] for s in got["spans"]] == ["openinference.instrumentation.openai"]


def test_one_that_fails_is_one_warning_and_the_next_one_serves(told) -> None:
    got = told(
        """
        sys.modules["opentelemetry.instrumentation.genai.openai"] = None
        sys.modules["opentelemetry.instrumentation.genai.anthropic"] = None
        begin()
        ask(); ask_anthropic()
        tell()
        """
    )
    assert [s[1] for s in got["spans"]] == [
        "openinference.instrumentation.openai",
        "com.anthropic.sdk.python",
    ]
    assert got["states"]["anthropic"][0] == "native"


def test_none_that_works_is_one_warning(told) -> None:
    got = told(
        """
        import logging
        logging.basicConfig(format="%(name)s: %(message)s")
        for name in ("opentelemetry.instrumentation.genai.openai", "openinference.instrumentation.openai"):
            sys.modules[name] = None
        begin()
        ask(); sightline.init(); ask()
        tell()
        """
    )
    assert got["spans"] == []
    assert got["states"]["openai"][0] == "failed"
    [line] = [x for x in got["stderr"].splitlines() if "is not instrumented" in x]
    assert line.startswith("sightline: sightline: openai 3.")
    assert "ModuleNotFoundError" in line
    assert "try `pip install opentelemetry-instrumentation-openai-v2`, install another version" in line


def test_content_is_off_where_it_is_not_wanted(told) -> None:
    for family in ("opentelemetry", "openinference"):
        got = told(
            f"begin(capture_content=False, instrument={{'openai': {family!r}}})\nask('secret')\ntell()"
        )
        [[_, _, attributes]] = got["spans"]
        assert "secret" not in json.dumps(attributes), family
        assert "forty" not in json.dumps(attributes), family


def test_the_message_says_what_was_found_and_what_to_install(told) -> None:
    program = """
        from sightline.sdk.instrumentations import turn_on
        found = {"openai": "3.57.0", "groq": "1.0"} | extra
        tell(text=str(turn_on(True, distributions=found)))
    """
    key = "opentelemetry-instrumentation-genai-openai"
    got = told(f"extra = {{{key!r}: '1'}}\n" + __import__("textwrap").dedent(program))
    assert got["text"].splitlines() == [
        "sightline found groq 1.0, openai 3.57.0"
        if got["text"].startswith("sightline found groq")
        else "sightline found openai 3.57.0, groq 1.0",
        f"  turned on: openai ({key})",
        "  for groq: pip install openinference-instrumentation-groq",
    ]


@pytest.mark.flow
def test_a_server_has_model_tokens_content_and_first_token(provider, tmp_path) -> None:
    import textwrap

    program = """
        begin(endpoint=URL, file=None, service="real")
        ask(stream=True, stream_options={"include_usage": True})
        ask_anthropic(stream=True)
        ask()
        try:
            ask("fail")
        except Exception:
            pass
        assert sightline.flush()
    """
    with ServerProcess(tmp_path / "data") as server:
        begin = textwrap.dedent(BEGIN.format(provider=provider.url, tmp=tmp_path))
        done = run(begin + f"URL = {server.url!r}\n" + textwrap.dedent(program))
        assert done.returncode == 0, done.stderr
        rows = server.wait_for(
            "SELECT kind, request_model, response_model, provider, input_tokens, output_tokens,"
            " cache_read_tokens, cache_write_tokens, reasoning_tokens, time_to_first_token_ns AS first,"
            " duration_ns, status, streaming, error_type, arraySort(content.field) AS fields, usage_source"
            " FROM spans ORDER BY start_time",
            lambda rows: len(rows) == 4,
        )
    streamed, claude, plain, failed = rows
    assert {r["kind"] for r in rows} == {"llm"}
    for row in (streamed, plain):
        assert (row["request_model"], row["response_model"]) == ("gpt-4o", "gpt-4o-2026")
        assert (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]) == (120, 30, 80)
        assert row["reasoning_tokens"] == 10
        assert row["usage_source"] == "own"
    assert (claude["input_tokens"], claude["output_tokens"]) == (120, 30), (
        "input with what came from the cache"
    )
    assert (claude["cache_read_tokens"], claude["cache_write_tokens"]) == (60, 20)
    for row in (streamed, claude):
        assert row["streaming"]
        # Setting up may take longer than the stream; chunks come PAUSE apart after the first.
        assert 0 < row["first"] < row["duration_ns"] - PAUSE * 1e9
    for row in (streamed, claude, plain):
        assert {"input_messages", "output_messages"} <= set(row["fields"])
    assert plain["first"] is None
    assert (failed["status"], failed["error_type"]) == ("error", "openai.BadRequestError")
    assert failed["output_tokens"] is None


@pytest.mark.parametrize("family", ["opentelemetry", "openinference"])
def test_an_instrumented_clients_stream_goes_through_llm_call(told, family: str) -> None:
    """Instrumentations give proxies that have the methods of both kinds of streams."""
    got = told(
        f"""
        begin(instrument={{"openai": {family!r}}})
        import asyncio
        from openai import AsyncOpenAI, OpenAI
        asked = dict(model="gpt-4o", messages=[{{"role": "user", "content": "hi"}}], stream=True)
        address = dict(base_url=URL, api_key="k", max_retries=0)
        with sightline.llm_call(model="gpt-4o") as call:
            chunks = list(call.stream(OpenAI(**address).chat.completions.create(**asked)))
        async def read():
            async with AsyncOpenAI(**address) as client:
                with sightline.llm_call(model="gpt-4o") as call:
                    stream = call.stream(await client.chat.completions.create(**asked))
                    return [chunk async for chunk in stream]
        tell(chunks=[len(chunks), len(asyncio.run(read()))])
        """
    )
    assert got["chunks"] == [7, 7]
    ours = [attributes for name, scope, attributes in got["spans"] if scope == "sightline"]
    assert [ANSWER in attributes["gen_ai.output.messages"] for attributes in ours] == [True, True]
