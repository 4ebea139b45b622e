"""Every public name has an example in its docstring, and every example in the SDK runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest
from tests.sdk.recorded import Recorded

import sightline
import sightline.sdk

MODULES = [f"sightline.sdk.{found.name}" for found in pkgutil.iter_modules(sightline.sdk.__path__)]
# Given by other functions, in whose examples they are.
GIVEN = {"AsyncStream", "CarryingExecutor", "LlmCall", "Retrieval", "Stream", "ToolCall"}
# What methods of these are for is said by an example each, but for what Python itself asks for.
TYPES = ("Span", "LlmCall", "Retrieval", "ToolCall")
OURS = [name for name, place in sightline._PLACES.items() if place.startswith("sightline.sdk.")]


def examples(module: ModuleType) -> list[doctest.DocTest]:
    return [found for found in doctest.DocTestFinder(exclude_empty=True).find(module) if found.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str, recorded: Recorded) -> None:
    said: list[str] = []
    for example in examples(importlib.import_module(name)):
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert said == []


@pytest.mark.parametrize("name", sorted(set(OURS) - GIVEN))
def test_every_public_name_has_an_example(name: str) -> None:
    assert ">>>" in (inspect.getdoc(getattr(sightline, name)) or ""), f"sightline.{name} has no example"


@pytest.mark.parametrize("name", TYPES)
def test_every_public_method_has_an_example(name: str) -> None:
    for method, value in vars(getattr(sightline, name)).items():
        if method[0] != "_" and inspect.isfunction(value):
            assert ">>>" in (inspect.getdoc(value) or ""), f"sightline.{name}.{method} has no example"


def test_there_are_examples() -> None:
    assert sum(len(examples(importlib.import_module(name))) for name in MODULES) > 40
