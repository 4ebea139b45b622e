"""Options from arguments and variables; what cannot be used is named and its default taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.sdk.configuration import (
    ENDPOINT,
    Config,
    Options,
    configure,
    option_fields,
    variable,
)
from sightline.sdk.redaction import Redaction
from sightline.sdk.sampling import Sampling


def read(options: dict[str, Any] | None = None, **environ: str) -> Config:
    config, problems = configure(options or {}, environ, "/srv/chat.py")
    assert not problems, problems
    return config


def test_every_option_is_an_argument_and_a_field_with_its_meaning() -> None:
    assert set(get_type_hints(Options)) == {f.name for f in option_fields()}
    assert all(f.metadata["meaning"].endswith(".") for f in option_fields())


def test_arguments_come_before_our_variables_and_those_before_opentelemetrys() -> None:
    otel = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:1", "OTEL_SERVICE_NAME": "otel"}
    ours = {"SIGHTLINE_ENDPOINT": "http://ours:1", "SIGHTLINE_SERVICE": "ours"}
    assert read().endpoint == ENDPOINT
    assert read(None, **otel).endpoint == "http://otel:1"
    assert read(None, **otel, **ours).service == "ours"
    assert read({"endpoint": "http://arg:1"}, **otel, **ours).endpoint == "http://arg:1"
    assert read(None, SIGHTLINE_URL="http://url:1").endpoint == "http://url:1"


def test_each_option_has_its_variable() -> None:
    config = read(
        None, SIGHTLINE_API_KEY="sl_k", SIGHTLINE_SAMPLING="0.25", SIGHTLINE_CAPTURE_CONTENT="no",
        SIGHTLINE_INSTRUMENT="openai, anthropic", SIGHTLINE_SPOOL="always", SIGHTLINE_FILE="a.jsonl",
        SIGHTLINE_FLUSH_INTERVAL="0.5", SIGHTLINE_HEADERS="x-team=blue,x-b=c%20d",
        SIGHTLINE_SPOOL_MAX_BYTES="1000000",
    )  # fmt: skip
    assert (config.api_key, config.sampling.ratio, config.capture_content) == ("sl_k", 0.25, False)
    assert config.instrument == ("openai", "anthropic")
    assert (config.spool, config.file, config.flush_interval) == ("always", Path("a.jsonl"), 0.5)
    assert config.headers == {"x-team": "blue", "x-b": "c d"}
    assert config.spool_max_bytes == 1_000_000


@pytest.mark.parametrize(
    "off", [{"SIGHTLINE_DISABLED": "1"}, {"OTEL_SDK_DISABLED": "true"}, {"SIGHTLINE_ENABLED": "0"}]
)
def test_it_can_be_turned_off_from_outside(off: dict[str, str]) -> None:
    assert not configure({}, off)[0].enabled


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("endpoint", "localhost:4318", "http://localhost:4318"),
        ("endpoint", "http://", "an address"),
        ("endpoint", 4318, "a text"),
        ("endpoint", "http://host:99999", "an address"),
        ("api_key", "two words", "printable ASCII"),
        ("api_key", b"bytes", "a text"),
        ("sampling", 1.5, "a ratio from 0 to 1"),
        ("sampling", "half", "a ratio from 0 to 1"),
        ("sampling", True, "a ratio from 0 to 1"),
        ("metrics", "maybe", "True or False"),
        ("max_value_chars", -1, "a whole number of at least 100"),
        ("flush_interval", float("nan"), "seconds from"),
        ("spool_max_bytes", 5, "at least 65536"),
        ("spool", "never", "'auto', 'always' or 'off'"),
        ("spool_dir", 7, "a path"),
        ("headers", {"a": 1}, "a dict of texts"),
        ("headers", {"a": "b\r\nc: d"}, "without line ends"),
        ("instrument", 3, "a list of names"),
    ],
)  # fmt: skip
def test_an_unusable_value_is_named_with_what_is_expected_and_the_next_step(
    option: str, value: object, expected: str
) -> None:
    config, (problem,) = configure({option: value}, {}, "x.py")
    assert getattr(config, option) == getattr(Config(), option)
    assert problem.option == option
    assert f"sightline.init({option}=" in problem.text
    assert expected in problem.text
    assert variable(option) in problem.text


def test_a_key_is_never_shown() -> None:
    _, (problem,) = configure({"api_key": "sl_secret secret"}, {}, "x.py")
    assert "secret" not in problem.text


def test_an_unknown_option_says_which_was_meant() -> None:
    _, (problem,) = configure({"endpont": "http://x"}, {}, "x.py")
    assert "Did you mean endpoint?" in problem.text


def test_a_wrong_argument_leaves_the_variable() -> None:
    config, problems = configure({"endpoint": "nonsense"}, {"SIGHTLINE_URL": "http://good:1"}, "x.py")
    assert config.endpoint == "http://good:1"
    assert len(problems) == 1


def test_the_address_of_one_signal_is_that_of_the_server() -> None:
    assert read({"endpoint": "https://s.example/base/v1/traces/"}).endpoint == "https://s.example/base"


@pytest.mark.parametrize(
    ("script", "environ", "name"),
    [
        ("/srv/chat.py", {}, "chat"),
        ("/srv/pkg/__main__.py", {}, "pkg"),
        ("-c", {}, "python"),
        ("", {}, "python"),
        ("/x/ipykernel_launcher.py", {}, "notebook"),
        ("/srv/chat.py", {"OTEL_RESOURCE_ATTRIBUTES": "a=b,service.name=shop%20x"}, "shop x"),
    ],
)
def test_a_program_without_a_name_gets_one(script: str, environ: dict[str, str], name: str) -> None:
    assert configure({}, environ, script)[0].service == name


class Nasty:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.text()),
    st.dictionaries(st.text(), st.text()), st.just(Nasty()), st.just(Sampling(ratio=0.5)),
)  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([f.name for f in option_fields()]), ANYTHING), st.dictionaries(
    st.sampled_from([variable(f.name) for f in option_fields()]), st.text()))  # fmt: skip
def test_nothing_that_is_given_raises_and_every_field_keeps_its_kind(
    options: dict[str, Any], environ: dict[str, str]
) -> None:
    config, problems = configure(options, environ, "x.py")
    assert config.endpoint.startswith("http")
    assert 0 <= config.sampling.ratio <= 1
    assert isinstance(config.queue_max_spans, int)
    assert all(problem.text for problem in problems)


def test_what_is_secret_is_not_printed() -> None:
    config, _ = configure({"api_key": "sl_i_secret", "headers": {"x-proxy": "hidden"}}, {})
    assert config.api_key == "sl_i_secret"
    assert "sl_i_secret" not in repr(config) and "hidden" not in repr(config)


@pytest.mark.parametrize(
    ("option", "value", "environ"),
    [
        ("redaction", "ture", {}),
        ("redaction", 7, {}),
        ("redact", True, {}),
        ("redaction", None, {"SIGHTLINE_REDACTION": "cards"}),
        ("redaction", "ture", {"SIGHTLINE_REDACTION": "0"}),
    ],
)
def test_a_slip_in_redaction_sends_nothing_as_it_is(
    option: str, value: object, environ: dict[str, str]
) -> None:
    config, (problem,) = configure({option: value}, environ, "x.py")
    assert config.redaction == Redaction()
    assert "going on with" in problem.text.lower()
    assert "sightline.Redaction()" in problem.text


@pytest.mark.parametrize(
    ("option", "value", "environ"),
    [
        ("capture_content", "flase", {}),
        ("capture_contents", False, {}),
        ("capture_content", None, {"SIGHTLINE_CAPTURE_CONTENT": "none"}),
        ("capture_content", "nope", {"SIGHTLINE_CAPTURE_CONTENT": "1"}),
    ],
)
def test_a_slip_in_capture_content_keeps_content_here(
    option: str, value: object, environ: dict[str, str]
) -> None:
    config, (problem,) = configure({option: value}, environ, "x.py")
    assert config.capture_content is False
    assert "so that no content leaves" in problem.text


def test_a_slip_in_propagate_sends_no_baggage() -> None:
    config, (problem,) = configure({"propagate": 3}, {}, "x.py")
    assert config.propagate == ()
    assert "nothing in baggage" in problem.text


def test_a_misspelt_option_beside_the_right_one_changes_nothing() -> None:
    config, (problem,) = configure({"capture_content": True, "capture_contents": False}, {}, "x.py")
    assert config.capture_content is True
    assert "Did you mean capture_content?" in problem.text
