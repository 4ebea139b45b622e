"""Bedrock: answers of Converse and of the models behind `invoke_model`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sightline.content.fields import Fields
from sightline.content.reader import Reader
from sightline.content.shapes import chat
from sightline.records.conversation import Message


def converse(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{output: {message: {role, content}}, stopReason}`."""
    output = fields.peek("output")
    if not isinstance(output, dict) or not isinstance(output.get("message"), dict):
        return None
    found = reader.element(output["message"], "assistant")
    if found is None:
        return None
    inner = Fields(output)
    inner.drop("message")
    fields.drop("output")
    fields.leave("output", inner)
    return [replace(found[-1], finish_reason=found[-1].finish_reason or fields.text("stopReason"))]


def titan(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{results: [{outputText, completionReason}]}`."""
    results = fields.peek("results")
    if not isinstance(results, list) or not results:
        return None
    if not all(isinstance(r, dict) and isinstance(r.get("outputText"), str) for r in results):
        return None
    fields.drop("results")
    return [
        replace(chat.spoken("assistant", r["outputText"]), finish_reason=str(r.get("completionReason") or ""))
        for r in results
    ]
