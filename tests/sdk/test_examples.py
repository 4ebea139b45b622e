"""Every public name has an example in its docstring, and every example in the SDK runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest
from tests.sdk.recorded import Recorded

import sightline
import sightline.sdk

MODULES = [f"sightline.sdk.{found.name}" for found in pkgutil.iter_modules(sightline.sdk.__path__)]
# Given by other functions, in whose examples they are.
GIVEN = {"AsyncStream", "CarryingExecutor", "LlmCall", "Retrieval", "Stream", "ToolCall"}
# Called by IPython, for `%load_ext sightline`.
GIVEN |= {"load_ipython_extension", "unload_ipython_extension"}
# What methods of these are for is said by an example each, but for what Python itself asks for.
TYPES = ("Span", "LlmCall", "Retrieval", "ToolCall")
# What a reader has around an example.
AROUND = """
import sightline, structlog
from sightline import *
from fastapi import FastAPI
from flask import Flask
from celery import Celery

def application(environ, start_response):
    return []
"""
OURS = [name for name, place in sightline._PLACES.items() if place.startswith("sightline.sdk.")]


def examples(module: ModuleType) -> list[doctest.DocTest]:
    return [found for found in doctest.DocTestFinder(exclude_empty=True).find(module) if found.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str, recorded: Recorded) -> None:
    said: list[str] = []
    for example in examples(importlib.import_module(name)):
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert said == []


def blocks_of(name: str) -> list[str]:
    """The indented blocks of a docstring that are no conversations with an interpreter: whole programs."""
    said = inspect.getdoc(getattr(sightline, name)) or ""
    found = re.findall(r"(?<=\n\n)(?:    .*\n?|\n(?=    ))+", said)
    return [textwrap.dedent(block) for block in found if ">>>" not in block and block.strip()]


@pytest.mark.parametrize("name", sorted(set(OURS) - GIVEN))
def test_every_public_name_has_an_example(name: str) -> None:
    said = inspect.getdoc(getattr(sightline, name)) or ""
    assert ">>>" in said or blocks_of(name), f"sightline.{name} has no example"


@pytest.mark.parametrize("name", [name for name in OURS if blocks_of(name)])
def test_examples_that_are_programs_run(name: str, tmp_path: Path) -> None:
    """In a process of their own, into a file: `init()` is for a whole process."""
    program = "\n".join([AROUND, *blocks_of(name)])
    environ = {"PYTHONPATH": os.pathsep.join(sys.path), "SIGHTLINE_FILE": str(tmp_path / "spans.jsonl")}
    made = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, **environ}, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, ""), made.stderr


@pytest.mark.parametrize("name", TYPES)
def test_every_public_method_has_an_example(name: str) -> None:
    for method, value in vars(getattr(sightline, name)).items():
        if method[0] != "_" and inspect.isfunction(value):
            assert ">>>" in (inspect.getdoc(value) or ""), f"sightline.{name}.{method} has no example"


def test_there_are_examples() -> None:
    assert sum(len(examples(importlib.import_module(name))) for name in MODULES) > 40
