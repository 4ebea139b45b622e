"""Configuration: precedence, types, ranges, and errors that help."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.operations.configuration import ConfigurationError, find_file, load, parse
from sightline.operations.settings_table import OTHER_VARIABLES, Setting, settings_table, shown
from sightline.settings import Settings

TABLE = {setting.key: setting for setting in settings_table()}


def value_of(settings: Settings, key: str) -> Any:
    found: Any = settings
    for name in key.split("."):
        found = getattr(found, name)
    return found


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sightline.toml"
    path.write_text(text)
    return path


def test_nothing_given_is_the_declaration() -> None:
    assert load({}, {}, None) == Settings()


def test_flags_win_over_variables_over_the_file_over_defaults(tmp_path: Path) -> None:
    file = toml(tmp_path, 'data = "/from/file"\n[http]\nport = 1001\nhost = "file"\nmax_body = "1MiB"\n')
    variables = {"SIGHTLINE_HTTP_PORT": "1002", "SIGHTLINE_HTTP_HOST": "variable", "PATH": "/bin"}
    found = load({"http_port": "1003", "http_host": None}, variables, file)
    assert (found.http.port, found.http.host, found.http.max_body) == (1003, "variable", 2**20)
    assert found.data == Path("/from/file")
    assert found.grpc.port == Settings().grpc.port


def samples(setting: Setting) -> st.SearchStrategy[Any]:
    low, high = int(setting.low + setting.above), int(setting.high or 2**40)
    if setting.choices:
        return st.sampled_from(setting.choices)
    return {
        int: st.integers(low, high),
        float: st.floats(low, high, allow_nan=False).map(lambda x: round(x, 3)).filter(lambda x: x >= low),
        bool: st.booleans(),
        str: st.text("abc:/.-@", min_size=1),
        Path: st.text("abc/", min_size=1).map(Path),
        tuple: st.lists(st.text("abc*:/.", min_size=1)).map(tuple),
    }[setting.kind]


@pytest.mark.parametrize("setting", settings_table(), ids=lambda s: s.key)
@given(data=st.data())
def test_what_is_shown_can_be_given_in_every_place(setting: Setting, data: st.DataObject) -> None:
    value = data.draw(samples(setting))
    text = ",".join(value) if setting.kind is tuple else str(value)
    assert parse(setting, text, "here") == value
    raw = list(value) if setting.kind is tuple else value
    assert parse(setting, raw, "here") == value
    if setting.kind not in (float, tuple):
        assert parse(setting, shown(setting, value), "here") == value


@pytest.mark.parametrize("setting", settings_table(), ids=lambda s: s.key)
@given(value=st.text() | st.integers() | st.floats() | st.booleans() | st.lists(st.integers()) | st.none())
def test_any_value_is_taken_in_its_type_or_refused_with_a_sentence(setting: Setting, value: Any) -> None:
    try:
        found = parse(setting, value, "here")
    except ConfigurationError as error:
        assert setting.key in str(error)
        assert "(from here)" in str(error)
        assert setting.expectation in str(error)
    else:
        assert isinstance(found, setting.kind)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("http.max_body", "64MiB", 64 * 2**20),
        ("http.max_body", "1.5 GiB", 3 * 2**29),
        ("http.max_body", "10MB", 10**7),
        ("http.max_body", "1048576", 2**20),
        ("journal.segment_age", "500ms", 0.5),
        ("journal.keep_digested", "24h", 86400.0),
        ("journal.keep_digested", "7d", 7 * 86400.0),
        ("http.keep_alive", "10s", 10.0),
        ("http.keep_alive", "2.5", 2.5),
        ("http.cors_origins", "https://a, https://b,", ("https://a", "https://b")),
        ("self_tracing", "On", True),
        ("log.level", "DEBUG", "debug"),
    ],
)
def test_units_and_spellings(key: str, text: str, value: Any) -> None:
    assert parse(TABLE[key], text, "here") == value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("http.port", "65536"),
        ("http.port", -1),
        ("http.port", "4k"),
        ("http.port", True),
        ("http.port", 1.5),
        ("http.max_body", "0"),
        ("http.max_body", "1.5B"),
        ("http.max_body", "64 parsecs"),
        ("http.max_body", "1e99"),
        ("journal.segment_age", "nan"),
        ("journal.segment_age", float("inf")),
        ("journal.segment_age", "-1s"),
        ("self_tracing", "perhaps"),
        ("http.cors_origins", [1]),
        ("data", ""),
        ("log.format", "xml"),
        ("store.url", "a\0b"),
    ],
)
def test_values_out_of_range_or_type_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=key):
        parse(TABLE[key], value, "here")


def test_an_error_names_key_value_source_and_expectation(tmp_path: Path) -> None:
    file = toml(tmp_path, "[http]\nport = 70000\n")
    with pytest.raises(ConfigurationError) as caught:
        load({}, {}, file)
    assert str(caught.value) == (
        f'http.port is "70000" (from {file}), but must be a whole number from 0 to 65535. '
        "Correct it, or leave it out for the default: 4318."
    )


def test_a_password_in_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load({}, {"SIGHTLINE_CONTROL_URL": "postgresql://me:geheim@db/x\0"}, None)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[http]\nprot = 1\n", "http.port"),
        ("[htpp]\nport = 1\n", "http"),
        ("dat = 'x'\n", "data"),
        ("[journal]\nsegment_bites = 1\n", "journal.segment_bytes"),
    ],
)
def test_an_unknown_key_in_the_file_is_refused_with_the_nearest_name(
    tmp_path: Path, text: str, hint: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"Did you mean {hint}\?"):
        load({}, {}, toml(tmp_path, text))


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match=r"SIGHTLINE_HTTP_PRT .*Did you mean SIGHTLINE_HTTP_PORT\?"):
        load({}, {"SIGHTLINE_HTTP_PRT": "1"}, None)


def test_the_variables_of_the_clients_are_no_settings() -> None:
    assert load({}, dict.fromkeys(OTHER_VARIABLES, "x"), None) == Settings()


def test_a_variable_that_is_set_but_empty_counts_as_not_set() -> None:
    assert load({}, {"SIGHTLINE_HTTP_PORT": ""}, None) == Settings()


@pytest.mark.parametrize("text", ["port = ", "http = 3\n", "\xff"])
def test_a_broken_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sightline.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"sightline\.toml"):
        load({}, {}, path)


def test_http_and_grpc_need_a_port_each() -> None:
    with pytest.raises(ConfigurationError, match="both 4317"):
        load({"http_port": "4317"}, {}, None)
    assert load({"http_port": "0", "grpc_port": "0"}, {}, None).http.port == 0


def test_a_backlog_smaller_than_one_segment_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="segment_bytes"):
        load({"journal_max_backlog": "1MiB"}, {}, None)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"auth_oidc_issuer": "https://id.example"}, "oidc_client_id is not"),
        ({"auth_oidc_role": "reader"}, "oidc_domains is empty"),
        ({"auth_oidc_role": "owner"}, "one of empty, reader, editor, admin"),
    ],
)
def test_a_provider_that_would_let_anyone_in_is_refused(flags: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load(flags, {}, None)


def test_a_secret_is_in_no_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({}, {}, toml(tmp_path, "[auth]\noidc_client_secret = 12345678\n"))
    assert "12345678" not in str(refused.value)


def test_the_file_is_found_by_flag_then_variable_then_in_the_folder(tmp_path: Path) -> None:
    assert find_file(None, {}, tmp_path) is None
    here = toml(tmp_path, "")
    other = tmp_path / "other.toml"
    third = tmp_path / "third.toml"
    other.touch()
    third.touch()
    assert find_file(None, {}, tmp_path) == here
    assert find_file(None, {"SIGHTLINE_CONFIG": str(other)}, tmp_path) == other
    assert find_file("third.toml", {"SIGHTLINE_CONFIG": str(other)}, tmp_path) == third


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"from SIGHTLINE_CONFIG\) does not exist"):
        find_file(None, {"SIGHTLINE_CONFIG": "nowhere.toml"}, tmp_path)


def test_every_setting_can_be_set_by_variable() -> None:
    for setting in settings_table():
        found = load({}, {setting.variable: shown(setting, setting.default)}, None)
        assert value_of(found, setting.key) == setting.default
    assert dataclasses.is_dataclass(load({}, {}, None))
