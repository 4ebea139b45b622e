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
