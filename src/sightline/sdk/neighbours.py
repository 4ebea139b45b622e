"""The SDK's other parts, where they are there: the pipeline works without each of them."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any


def part(module: str, name: str) -> Any:
    """A name of a module of this SDK, None when the module is not installed."""
    try:
        if importlib.util.find_spec(f"sightline.sdk.{module}") is None:
            return None
        return getattr(importlib.import_module(f"sightline.sdk.{module}"), name)
    except (ImportError, AttributeError):
        return None
