"""The table is well formed, and what of it is installed here is as the table says."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.metadata import entry_points, version

import pytest

from sightline.sdk.instrumentations.looking import installed, normalised
from sightline.sdk.instrumentations.table import BY_NAME, FAMILIES, LIBRARIES, Library

OPTIONS = [(library, option) for library in LIBRARIES for option in library.options]
_INSTALLED = {e.dist.name for e in entry_points(group="opentelemetry_instrumentor") if e.dist}
HERE = [(library, option) for library, option in OPTIONS if option.pip in _INSTALLED]


def test_names_are_given_once() -> None:
    for said in (
        [x.name for x in LIBRARIES],
        [x.distribution for x in LIBRARIES],
        [o.entry for _, o in OPTIONS],
    ):
        assert len(said) == len(set(said)), said


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda x: x.name)
def test_a_library_is_well_formed(library: Library) -> None:
    assert library.distribution == normalised(library.distribution)
    assert re.fullmatch(r"[a-z_0-9]+(\.[a-z_]+)*", library.module)
    assert library.options or library.native, "nothing would see its calls"
    assert set(library.inside) <= BY_NAME.keys() - {library.name}
    order = [x.name for x in LIBRARIES]
    for inner in library.inside:
        assert order.index(inner) > order.index(library.name), "frameworks are chosen before what is in them"
    if library.native and library.native.call:
        assert library.native.call.startswith(library.module)


@pytest.mark.parametrize(("library", "option"), OPTIONS, ids=lambda x: getattr(x, "pip", ""))
def test_an_instrumentation_is_well_formed(library: Library, option) -> None:
    assert option.family in FAMILIES
    assert re.fullmatch(r"(opentelemetry|openinference)-instrumentation-[a-z0-9-]+", option.pip)
    assert re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)*:[A-Za-z]+Instrumentor", option.entry)
    assert option.entry.startswith(option.pip.split("-")[0])
    assert re.fullmatch(r"(\d+(\.\d+)*)?", option.least)


def test_of_one_family_no_library_has_two_that_differ_in_nothing() -> None:
    for library in LIBRARIES:
        assert len({o.pip for o in library.options}) == len(library.options), library.name


def test_some_of_the_table_is_installed_here() -> None:
    assert {o.pip for _, o in HERE} >= {
        "opentelemetry-instrumentation-genai-openai",
        "opentelemetry-instrumentation-genai-anthropic",
        "openinference-instrumentation-openai",
    }


@pytest.mark.parametrize(("library", "option"), HERE, ids=lambda x: getattr(x, "pip", ""))
def test_the_installed_ones_are_as_the_table_says(library: Library, option) -> None:
    module, _, name = option.entry.partition(":")
    made = getattr(import_module(module), name)()
    [asked] = made.instrumentation_dependencies()
    match = re.match(r"([a-z_.-]+)\s*>=\s*([\d.]+)", asked)
    assert match, asked
    assert normalised(match[1]) == (option.needs or library.distribution)
    assert match[2] == option.least


def test_what_is_installed_is_read_from_names_of_folders() -> None:
    import sys

    found = installed(sys.path)
    for name in ("openai", "anthropic", "opentelemetry-sdk", "urllib3"):
        assert found[name] == version(name)


def test_places_that_cannot_be_read_are_empty(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "some_lib-1.2.3.dist-info").mkdir()
    (tmp_path / "Other.Lib-2.0-py3.11.egg-info").mkdir()
    (tmp_path / "nothing.dist-info").mkdir()
    found = installed([str(tmp_path / "absent"), str(tmp_path / "file"), str(tmp_path)])
    assert found == {"some-lib": "1.2.3", "other-lib": "2.0"}
