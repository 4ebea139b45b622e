"""Ties a tool's result to the call that asked for it: by id, else by order and name. Pure, linear."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from sightline.records.conversation import Message, Place, ToolCall, ToolResult


def pairs(messages: Sequence[Message]) -> Mapping[Place, Place]:
    """From the place of each result to that of its call. A call is answered once, and stands before it."""
    by_id: dict[str, deque[Place]] = defaultdict(deque)
    by_name: dict[str, deque[Place]] = defaultdict(deque)
    waiting: deque[Place] = deque()
    answered: set[Place] = set()
    found: dict[Place, Place] = {}
    for at, message in enumerate(messages):
        for index, part in enumerate(message.parts):
            place = (at, index)
            if isinstance(part, ToolCall):
                if part.id:
                    by_id[part.id].append(place)
                by_name[part.name].append(place)
                waiting.append(place)
            elif isinstance(part, ToolResult):
                queues = [by_id[part.id]] if part.id else []
                if not queues or not queues[0]:  # an id that no call has says nothing about the call
                    queues = [by_name[part.name]] if part.name else [waiting]
                for queue in queues:
                    while queue and queue[0] in answered:
                        queue.popleft()
                    if queue:
                        found[place] = queue.popleft()
                        answered.add(found[place])
    return found
