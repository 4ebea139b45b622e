"""Rows of table `scores` as records, for those who write and for those who ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sightline.records.scores import DataType, Score, ScoreSource, ScoreTarget

MOMENTS = ("time", "received_at")
FIELDS = tuple(field.name for field in fields(Score))
SELECTED = ", ".join(
    f"toUnixTimestamp64Nano(c.{name}) AS {name}_ns" if name in MOMENTS else f"c.{name} AS {name}"
    for name in FIELDS
)
"""What a SELECT over the table, called `c`, names so that `score_of` can read its rows."""


def score_of(row: Mapping[str, Any]) -> Score:
    """A row of `SELECTED` as a record."""
    told = {name: row[f"{name}_ns" if name in MOMENTS else name] for name in FIELDS}
    told["target"] = ScoreTarget(told["target"])
    told["data_type"] = DataType(told["data_type"])
    told["source"] = ScoreSource(told["source"])
    told["deleted"] = bool(told["deleted"])
    return Score(**told)
