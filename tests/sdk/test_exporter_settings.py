"""OpenTelemetry's variables for its exporters: general ones, those of one signal, and who comes first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sdk.sdk_process import run
from tests.sdk.sdk_servers import http_server

from sightline.sdk.configuration import Config, configure
from sightline.sdk.exporter_settings import SETTINGS, SIGNALS, Destination, destinations, pages_of

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def read(options: dict[str, Any] | None = None, **environ: str) -> Config:
    config, problems = configure(options or {}, environ, "x.py")
    assert not problems, problems
    return config


def of(config: Config) -> dict[str, Destination]:
    return {signal: place for place in destinations(config) for signal in place.addresses}


def addresses(config: Config) -> tuple[str, str, str]:
    found = {signal: place.addresses[signal] for signal, place in of(config).items()}
    return found["traces"], found["logs"], found["metrics"]


def test_a_general_address_gets_the_signals_paths_and_is_one_destination() -> None:
    config = read(OTEL_EXPORTER_OTLP_ENDPOINT="https://s.example/base/")
    (place,) = destinations(config)
    assert place.addresses == {signal: f"https://s.example/base/v1/{signal}" for signal in SIGNALS}
    assert place.server == pages_of(config) == "https://s.example/base"


def test_an_address_of_one_signal_is_used_as_it_is() -> None:
    config = read(
        OTEL_EXPORTER_OTLP_ENDPOINT="http://general:1",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://traces:2/a/b?c=d",
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT="http://metrics:3",
    )
    assert addresses(config) == ("http://traces:2/a/b?c=d", "http://general:1/v1/logs", "http://metrics:3/")
    assert len(destinations(config)) == 3
    assert pages_of(config) == ""  # nobody can tell where the pages of such an address are


def test_ours_hold_for_every_signal_and_come_first() -> None:
    otel = {f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT": f"http://{signal}:1/x" for signal in SIGNALS}
    otel["OTEL_EXPORTER_OTLP_LOGS_TIMEOUT"] = "3000"
    for config in (read({"endpoint": "http://ours:1"}, **otel), read(SIGHTLINE_URL="http://ours:1", **otel)):
        assert addresses(config)[0] == "http://ours:1/v1/traces"
        assert {place.timeout for place in of(config).values()} == {3.0, 10.0}
    assert len(destinations(read({"endpoint": "http://ours:1", "timeout": 5}, **otel))) == 1


def test_the_server_of_traces_takes_the_rest_where_nobody_named_another() -> None:
    config = read(
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="https://s.example/x/v1/traces",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS="authorization=Bearer%20k",
        OTEL_EXPORTER_OTLP_TRACES_TIMEOUT="500",
    )
    (place,) = destinations(config)
    assert place.addresses["logs"] == "https://s.example/x/v1/logs"
    assert (place.headers, place.timeout) == ({"authorization": "Bearer k"}, 0.5)
    assert config.endpoint == pages_of(config) == "https://s.example/x"


def test_each_signal_may_have_everything_of_its_own(tmp_path: Path) -> None:
    pem, key = tmp_path / "c.pem", tmp_path / "k.pem"
    pem.write_text(PEM)
    key.write_text("-----BEGIN PRIVATE KEY-----\n")
    said = {"endpoint": "http://logs:1/", "headers": "a=b", "timeout": "2000", "compression": "none",
            "certificate": str(pem), "client_certificate": str(pem), "client_key": str(key)}  # fmt: skip
    assert said.keys() == set(SETTINGS)
    config = read(None, **{f"OTEL_EXPORTER_OTLP_LOGS_{name.upper()}": text for name, text in said.items()})
    logs, traces = of(config)["logs"], of(config)["traces"]
    assert (logs.headers, logs.timeout, logs.compression) == ({"a": "b"}, 2.0, "none")
    assert (logs.certificate, logs.client_certificate, logs.client_key) == (pem, pem, key)
    assert (traces.headers, traces.timeout, traces.compression, traces.certificate) == (
        {},
        10.0,
        "gzip",
        None,
    )


@pytest.mark.parametrize(("text", "seconds"), [("10000", 10.0), ("10", 10.0), ("500", 0.5), ("250", 0.25)])
def test_a_time_out_is_milliseconds_or_what_the_sdk_for_python_reads(text: str, seconds: float) -> None:
    assert read(OTEL_EXPORTER_OTLP_TIMEOUT=text).timeout == seconds


def test_a_value_for_one_signal_that_cannot_be_used_is_named_with_its_variable() -> None:
    config, (problem,) = configure({"timeout": 7}, {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "logs:1"}, "x.py")
    assert problem.text.startswith("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT='logs:1': expected an address")
    assert len(destinations(config)) == 1


@pytest.mark.parametrize(
    "option", ["certificate", "client_certificate", "client_key"],
)  # fmt: skip
def test_a_file_that_is_not_there_is_named_with_its_variable_and_what_happens(
    tmp_path: Path, option: str
) -> None:
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.write_text("what?")
    config, problems = configure({}, {f"OTEL_EXPORTER_OTLP_{option.upper()}": str(missing)}, "x.py")
    (text,) = [problem.text for problem in problems]
    assert f"OTEL_EXPORTER_OTLP_{option.upper()}={str(missing)!r}" in text
    assert "No such file or directory" in text
    assert "going on with " in text
    assert f"SIGHTLINE_{option.upper()}" in text
    assert getattr(config, option) is None
    _, (problem,) = configure({option: empty}, {}, "x.py")
    assert "-----BEGIN" in problem.text
    os.mkfifo(tmp_path / "pipe")
    for other in (tmp_path, tmp_path / "pipe"):  # neither is waited for
        _, (problem,) = configure({option: other}, {}, "x.py")
        assert "which it is not" in problem.text


def test_a_key_without_its_certificate_is_one_problem(tmp_path: Path) -> None:
    key = tmp_path / "k.pem"
    key.write_text("-----BEGIN EC PRIVATE KEY-----\n")
    _, (problem,) = configure({"client_key": key}, {}, "x.py")
    assert "SIGHTLINE_CLIENT_CERTIFICATE" in problem.text


@pytest.mark.parametrize(
    "environ",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:9", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"},
    ],
)
def test_an_address_for_grpc_is_said_to_be_one(environ: dict[str, str]) -> None:
    _, (problem,) = configure({}, environ, "x.py")
    assert problem.text.startswith(next(iter(environ)))
    assert "SIGHTLINE_URL" in problem.text
    assert not configure({"endpoint": "http://c:4317"}, environ, "x.py")[1]
    assert not configure({}, environ | {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, "x.py")[1]


VARIABLES = [f"OTEL_EXPORTER_OTLP_{part}{name.upper()}" for part in ("", "TRACES_", "LOGS_", "METRICS_")
             for name in (*SETTINGS, "protocol")]  # fmt: skip
TEXT = st.one_of(
    st.text(), st.sampled_from(["http://a:1", "https://b/v1/traces", "500", "none", "a=b", "grpc"])
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(VARIABLES), TEXT))
def test_whatever_the_variables_say_each_signal_has_one_destination(environ: dict[str, str]) -> None:
    config, _ = configure({}, environ, "x.py")
    found = [signal for place in destinations(config) for signal in place.addresses]
    assert sorted(found) == sorted(SIGNALS)
    assert all(address.startswith("http") for place in destinations(config)
               for address in place.addresses.values())  # fmt: skip


PROGRAM = """
import sightline
print(sightline.init(instrument=False, quiet=True, spool_dir="spool", flush_interval=0.01))
with sightline.span("work"):
    sightline.score("helpful", True)
sightline.flush(10)
print(sightline.counts().spans.acknowledged, sightline.counts().logs.acknowledged)
"""


def test_signals_go_where_the_variables_send_them_and_a_server_that_is_away_holds_up_none(
    tmp_path: Path,
) -> None:
    with http_server() as (traces, taken), http_server() as (metrics, counted):
        done = run(
            PROGRAM,
            {
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{traces}/in/traces",
                "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://127.0.0.1:9/v1/logs",
                "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{metrics}/v1/metrics",
                "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION": "none",
                "SIGHTLINE_API_KEY": "sl_k",
            },
            cwd=tmp_path,
        )
    said, counts = done.stdout.splitlines()
    assert f"{traces}/in/traces" in said
    assert counts == "1 0"
    assert done.stderr.count("\n") == 1  # logs have nowhere to go
    assert {path for path, _, _ in taken.requests} == {"/in/traces"}
    assert {path for path, _, _ in counted.requests} == {"/v1/metrics"}
    assert all("content-encoding" not in headers for _, headers, _ in counted.requests)
    assert taken.requests[0][1]["authorization"] == "Bearer sl_k"
    folders = sorted(path.parent.parent.name for path in tmp_path.glob("spool/*/*/*/*.spool"))
    assert len(folders) == 1  # the score waits for its own server
