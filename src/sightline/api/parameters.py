"""The parameters that several operations have."""

from __future__ import annotations

from sightline.api import shapes
from sightline.api.operations import Parameter

PROJECT = Parameter("project", "Which project, where no key says it; default: default.", shapes.PROJECT_NAME)
CURSOR = Parameter("cursor", "`next` of the page before.", shapes.TEXT)
TRACE_ID = Parameter("trace_id", "Hexadecimal.", shapes.TEXT, "path")


def limit(default: int, most: int) -> Parameter:
    """How many items a page has at most."""
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return Parameter("limit", "Most items on a page.", schema)
