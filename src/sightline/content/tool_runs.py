"""Ties the calls of a conversation to the spans in which their tools ran. Pure, linear."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sightline.records.conversation import Message, Place, ToolCall, ToolRun


def ran(
    messages: Sequence[Message], runs: Sequence[ToolRun], parent: str, began: int, ended: int
) -> Mapping[Place, ToolRun]:
    """From the place of a call to its run. `parent`, `began` and `ended` are those of the span that speaks.

    By the call's id where the tool's span has it. Otherwise by name, among runs beside the span: what it asks
    for itself runs after it in the order of the calls, and of what it was told the last call ran last.
    """
    by_id = {run.call: run for run in runs if run.call}
    found: dict[Place, ToolRun] = {}
    asked: dict[bool, dict[str, list[Place]]] = {True: defaultdict(list), False: defaultdict(list)}
    for at, message in enumerate(messages):
        for index, part in enumerate(message.parts):
            if not isinstance(part, ToolCall):
                continue
            if part.id in by_id:
                found[at, index] = by_id[part.id]
            else:
                asked[message.answer][part.name].append((at, index))
    taken = {run.span_id for run in found.values()}
    beside: dict[str, list[ToolRun]] = defaultdict(list)
    for run in runs:
        if run.parent == parent and run.span_id not in taken and not run.call:
            beside[run.name].append(run)
    for name, places in asked[True].items():
        after = [run for run in beside[name] if run.start_time >= ended]
        found |= dict(zip(places, after, strict=False))
    for name, places in asked[False].items():
        before = [run for run in beside[name] if run.start_time + run.duration_ns <= began]
        found |= dict(zip(reversed(places), reversed(before), strict=False))
    return found
