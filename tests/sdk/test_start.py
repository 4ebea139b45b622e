"""`sightline.init()` in programs of its own: joins, makes, warns once, and never stops a program."""

from __future__ import annotations

import pytest
from tests.sdk.sdk_process import run
from tests.sdk.sdk_servers import http_server


def said(code: str, **env: str) -> str:
    done = run("import sightline\nfrom opentelemetry import trace\n" + code, env)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


JOIN = """
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
mine = InMemorySpanExporter()
provider = TracerProvider(resource=Resource({{"service.name": "theirs", "service.instance.id": "pod-7"}}))
provider.add_span_processor(SimpleSpanProcessor(mine))
trace.set_tracer_provider(provider)
started = sightline.init(endpoint={url!r}, spool="off", quiet=True)
assert started.joined and trace.get_tracer_provider() is provider
again = sightline.init(endpoint={url!r}, spool="off", quiet=True)
assert again.sender == started.sender
trace.get_tracer("x").start_span("a").end()
assert sightline.flush(10)
assert len(mine.get_finished_spans()) == 1
print(started.config.service, started.sender, started.pages)
"""


def test_it_joins_a_provider_that_is_there_adds_itself_once_and_keeps_its_names() -> None:
    with http_server() as (url, taken):
        out = said(JOIN.format(url=url)).split()
        assert len(taken.spans()) == 1
        assert out[0] == "theirs"
        assert out[1].startswith("pod-7:")
        assert out[2] == f"{url}/"


def test_a_second_init_with_other_options_is_warned_of_and_changes_nothing() -> None:
    out = said("a = sightline.init(quiet=True, spool='off')\n"
               "b = sightline.init(endpoint='http://other:1', quiet=True)\n"
               "assert a.config.endpoint == b.config.endpoint")  # fmt: skip
    assert out.count("called again with other options") == 1


@pytest.mark.parametrize(
    ("code", "env"),
    [("sightline.init(enabled=False)", {}), ("sightline.init()", {"SIGHTLINE_DISABLED": "1"})],
)
def test_when_it_is_off_everything_does_nothing(code: str, env: dict[str, str]) -> None:
    out = said(
        f"started = {code}\nassert not started.enabled\nassert sightline.flush()\nsightline.shutdown()\n"
        "assert sightline.counts().spans.ended == 0\nsightline.keep_trace()\n"
        "assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)\nprint(started)", **env,
    )  # fmt: skip
    assert out == "sightline is off\n"


def test_everything_wrong_at_once_is_named_once_each_and_the_program_goes_on() -> None:
    out = said(
        "for _ in range(3):\n    sightline.init(endpoint=7, api_key='a b', sampling='much', spol='x',"
        " spool='off', service=3)\n"
        "trace.get_tracer('x').start_span('a').end()\nprint('went on')"
    )
    for option in ("endpoint", "api_key", "sampling", "spol", "service"):
        assert out.count(f"sightline.init({option}=") == 1, option
    assert "went on" in out


def test_a_provider_that_takes_no_processors_is_named() -> None:
    out = said("trace.set_tracer_provider(trace.NoOpTracerProvider())\nassert not sightline.init().enabled")
    assert "NoOpTracerProvider" in out


def test_a_new_provider_has_the_resource_of_opentelemetrys_variables() -> None:
    out = said(
        "sightline.init(release='1.2', environment='prod', spool='off', quiet=True)\n"
        "a = trace.get_tracer_provider().resource.attributes\n"
        "print(a['service.name'], a['service.version'], a['deployment.environment.name'], a['k8s.pod.name'],"
        " a['telemetry.distro.name'])",
        OTEL_SERVICE_NAME="shop", OTEL_RESOURCE_ATTRIBUTES="k8s.pod.name=p1",
    )  # fmt: skip
    assert out == "shop 1.2 prod p1 sightline\n"


def test_after_shutdown_it_can_be_started_again() -> None:
    with http_server() as (url, taken):
        said(
            f"for _ in range(2):\n    sightline.init(endpoint={url!r}, spool='off', quiet=True)\n"
            "    trace.get_tracer('x').start_span('a').end()\n    sightline.shutdown()"
        )
        assert len(taken.spans()) == 2


def test_a_wrong_key_is_one_warning_that_says_what_to_do() -> None:
    with http_server(lambda path, body: (401, {}, b"")) as (url, _):
        out = said(
            f"sightline.init(endpoint={url!r}, api_key='wrong', spool='off', quiet=True)\n"
            "for _ in range(5):\n    trace.get_tracer('x').start_span('a').end()\n    sightline.flush(5)"
        )
        assert out.count("SIGHTLINE_API_KEY") == 1
        assert "wrong" not in out.replace("wrong key", "")


def test_what_is_heavy_is_loaded_by_the_worker_and_not_by_init() -> None:
    out = said(
        "import sys\nsightline.init(spool='off', quiet=True, instrument=False)\n"
        "print(*sorted({'google.protobuf', 'urllib3', 'asyncio', 'ssl'} & set(sys.modules)))"
    )
    assert "google" not in out
    assert "urllib3" not in out


def test_nothing_is_imported_once_the_worker_works_since_a_fork_could_cut_it_in_two() -> None:
    with http_server() as (url, _):
        out = said(
            f"import sys\nsightline.init(endpoint={url!r}, spool='off', quiet=True, instrument=False)\n"
            "from sightline.sdk import runtime\nworker = runtime.current().worker\nworker._made()\n"
            "before = set(sys.modules)\ntrace.get_tracer('x').start_span('a').end()\n"
            "assert sightline.flush(20)\n"
            "print(sorted(set(sys.modules) - before))"
        )
    assert out == "[]\n"


LOOP = """
import urllib3, urllib3.connectionpool as pool
from opentelemetry import context
sightline.init(endpoint={url!r}, spool="off", instrument=False, quiet=True)
plain, tracer = pool.HTTPConnectionPool.urlopen, trace.get_tracer("opentelemetry.instrumentation.urllib3")

def instrumented(self, *args, **options):  # as OpenTelemetry's instrumentation does
    if context.get_value("suppress_instrumentation") or context.get_value("suppress_http_instrumentation"):
        return plain(self, *args, **options)
    with tracer.start_as_current_span("POST"):
        return plain(self, *args, **options)

pool.HTTPConnectionPool.urlopen = instrumented
for _ in range(3):
    trace.get_tracer("x").start_span("a").end()
    assert sightline.flush(10)
print(sightline.counts().spans.ended)
"""


def test_requests_that_send_spans_make_no_spans() -> None:
    with http_server() as (url, taken):
        assert said(LOOP.format(url=url)).split() == ["3"]
        assert {s.name for s in taken.spans()} == {"a"}


def test_a_password_in_the_address_is_sent_and_never_shown() -> None:
    with http_server() as (url, taken):
        address = url.replace("//", "//ada:pass%40word@")
        code = f"""
started = sightline.init(endpoint={address!r}, spool="off", instrument=False)
with sightline.span("a") as span:
    print(span.url)
print(started, sightline.flush(10), started.config)
sightline.init(endpoint="ftp://ada:pass%40word@x")
"""
        shown = said(code)
        assert "pass" not in shown
        assert {r[1]["authorization"] for r in taken.requests} == {"Basic YWRhOnBhc3NAd29yZA=="}


def test_a_second_init_that_asks_for_nothing_is_no_other_set_up() -> None:
    code = """
first = sightline.init(service="shop", sampling=0.5, spool="off", instrument=False)
print(sightline.init() is first)
"""
    assert said(code).split() == ["True"]


def test_at_the_end_traces_that_are_still_open_are_decided_and_sent() -> None:
    code = """
import threading, time
sightline.init(endpoint={url!r}, spool="off", instrument=False, sampling=0.0)
inside = threading.Event()

def forever():
    with sightline.span("never ends"):
        with sightline.span("failed") as span:
            span.error(ValueError("x"))
        with sightline.span("fine"):
            pass
        inside.set()
        time.sleep(600)

threading.Thread(target=forever, daemon=True).start()
inside.wait()
"""
    with http_server() as (url, taken):
        assert said(code.replace("{url!r}", repr(url))) == ""
        assert [s.name for s in taken.spans()] == ["failed", "fine"]


WRAPPED = """
from opentelemetry.sdk.trace import TracerProvider

class Wrapping(trace.TracerProvider):  # as Logfire's: none of the SDK's, with one inside
    def __init__(self):
        self.inner = TracerProvider(shutdown_on_exit=False)
        self.resource = self.inner.resource

    def get_tracer(self, *args, **options):
        return self.inner.get_tracer(*args, **options)

    def add_span_processor(self, processor):
        self.inner.add_span_processor(processor)

trace.set_tracer_provider(Wrapping())
started = sightline.init(endpoint={url!r}, spool="off", instrument=False)
with trace.get_tracer("x").start_as_current_span("theirs"), sightline.span("ours"):
    pass
print(started.enabled, started.joined, sightline.flush(10))
"""


def test_it_joins_a_provider_that_wraps_one_of_the_sdks() -> None:
    with http_server() as (url, taken):
        assert said(WRAPPED.format(url=url)).split() == ["True", "True", "True"]
        assert [s.name for s in taken.spans()] == ["ours", "theirs"]


def test_a_time_that_is_none_is_the_usual_one_and_nothing_is_lost() -> None:
    code = """
sightline.init(endpoint={url!r}, spool="off", instrument=False)
sightline.span("a").__enter__().__exit__(None, None, None)
print(sightline.flush("soon"), sightline.flush(float("inf")), sightline.flush(10**400))
sightline.span("b").__enter__().__exit__(None, None, None)
sightline.shutdown(None)
"""
    with http_server() as (url, taken):
        out = said(code.replace("{url!r}", repr(url)))
        assert out.startswith("True True True")
        assert "flush(timeout=<str>): expected seconds" in out
        assert [s.name for s in taken.spans()] == ["a", "b"]


LONG = """
from opentelemetry import context
{before}
sightline.init(endpoint={url!r}, spool="off", quiet=True, instrument=False)
with sightline.context(user="u-7"):
    for _ in range(2):
        span = trace.get_tracer("openinference.x").start_span("a")
        for n in range(300):
            span.set_attribute(f"llm.input_messages.{{n}}.message.role", "user")
        span.end()
assert sightline.flush(10)
"""
THEIRS = "from opentelemetry.sdk.trace import TracerProvider\ntrace.set_tracer_provider(TracerProvider())"


@pytest.mark.parametrize(
    ("before", "env", "kept", "warnings"),
    [
        ("", {}, 301, 0),
        ("", {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "200"}, 200, 1),
        ("", {"OTEL_ATTRIBUTE_COUNT_LIMIT": "150"}, 150, 1),
        (THEIRS, {}, 128, 1),
    ],
)
def test_long_conversations_keep_whom_they_are_for(
    before: str, env: dict[str, str], kept: int, warnings: int
) -> None:
    with http_server() as (url, taken):
        out = said(LONG.format(url=url, before=before), **env)
        spans = taken.spans()
    for span in spans:
        names = [attribute.key for attribute in span.attributes]
        assert len([n for n in names if not n.startswith("sightline.")]) == kept
        assert ("user.id" in names) is (kept == 301)
    assert len(spans) == 2
    assert out.count("a span of openinference.x has more attributes") == warnings
