"""What waits for a module is called once, when that module has been imported."""

from __future__ import annotations

import importlib
import sys

import pytest

from sightline.sdk.instrumentations.after_import import after_import, forget


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A folder that is searched for modules; what tests import from it is gone afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("made_"):
            del sys.modules[name]


def _make(folder, *files: str) -> None:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("here = __name__\n")
    importlib.invalidate_caches()


def test_a_module_is_told_when_it_is_whole_and_once(packages) -> None:
    _make(packages, "made_plain/__init__.py", "made_plain/inner.py")
    seen = []
    assert not after_import("made_plain", lambda: seen.append(sys.modules["made_plain"].here))
    importlib.import_module("made_plain.inner")
    assert seen == ["made_plain"]
    assert after_import("made_plain", lambda: seen.append("at once"))
    assert seen == ["made_plain", "at once"]


@pytest.mark.parametrize("inner", ["made_space.client", "made_space.deeper.client"])
def test_of_a_namespace_package_the_first_module_inside_is_awaited(packages, inner) -> None:
    # mistralai from 2.0 on is one: it has no module of its own that could be waited for.
    _make(
        packages, *(inner.replace(".", "/") + end for end in ("/__init__.py", "/chat.py")), "made_space/x.py"
    )
    seen = []
    assert not after_import("made_space", lambda: seen.append(sys.modules[inner].here))
    importlib.import_module("made_space")
    assert seen == []
    importlib.import_module(f"{inner}.chat")
    assert seen == [inner]
    importlib.import_module("made_space.x")
    assert seen == [inner]


def test_of_modules_that_import_each_other_the_outermost_is_awaited(packages) -> None:
    _make(packages, "made_round/extra/__init__.py", "made_round/client/parts.py")
    begin = packages / "made_round/client/__init__.py"
    begin.write_text("import made_round.extra\nimport made_round.client.parts\nhere = 'whole'\n")
    seen = []
    after_import("made_round", lambda: seen.append(sys.modules["made_round.client"].here))
    importlib.import_module("made_round.client.parts")
    assert seen == ["whole"]


def test_one_inside_that_fails_does_not_end_the_waiting(packages) -> None:
    _make(packages, "made_half/good.py")
    (packages / "made_half/bad.py").write_text("raise OSError('no')\n")
    seen = []
    after_import("made_half", lambda: seen.append("whole"))
    with pytest.raises(OSError, match="no"):
        importlib.import_module("made_half.bad")
    assert seen == []
    importlib.import_module("made_half.good")
    assert seen == ["whole"]


def test_what_is_forgotten_is_not_called(packages) -> None:
    _make(packages, "made_other/inner.py")
    after_import("made_other", lambda: pytest.fail("it was forgotten"))
    importlib.import_module("made_other")
    forget("made_other")
    importlib.import_module("made_other.inner")
