"""Parameters of a call by the names that the GenAI conventions give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sightline.sdk import names
from sightline.sdk.attribute_values import attribute
from sightline.sdk.capture import json_of

_REQUEST: Final = "gen_ai.request."
_PLACES: Final[dict[str, str]] = {
    **{name: _REQUEST + name for name in ("frequency_penalty", "presence_penalty", "seed", "top_k", "top_p")},
    "temperature": _REQUEST + "temperature",
    "max_tokens": _REQUEST + "max_tokens",
    "max_completion_tokens": _REQUEST + "max_tokens",
    "max_output_tokens": _REQUEST + "max_tokens",
    "stop": _REQUEST + "stop_sequences",
    "stop_sequences": _REQUEST + "stop_sequences",
    "n": _REQUEST + "choice.count",
    "reasoning_effort": _REQUEST + "reasoning.level",
    "encoding_format": _REQUEST + "encoding_formats",
    "stream": names.STREAM,
    "dimensions": names.DIMENSIONS,
    "previous_response_id": _REQUEST + "previous_response.id",
    "server_address": "server.address",
    "server_port": "server.port",
}
_LISTS: Final = frozenset({_REQUEST + "stop_sequences", _REQUEST + "encoding_formats"})
_CHARS: Final = 20_000


def request_attributes(params: Mapping[str, Any], content_limit: int) -> dict[str, Any]:
    """Parameters as attributes; what the conventions don't know keeps its name.

    >>> request_attributes({"temperature": 0.2, "stop": "END", "shop": "DE"}, 1_000)
    {'gen_ai.request.temperature': 0.2, 'gen_ai.request.stop_sequences': ['END'], 'shop': 'DE'}
    """
    made: dict[str, Any] = {}
    for name, value in params.items():
        if value is None:
            continue
        if name == "tools":
            if content_limit:
                made[names.TOOL_DEFINITIONS] = json_of(value, content_limit)
            continue
        if name == "response_format":
            made["gen_ai.output.type"] = "text" if _kind(value) == "text" else "json"
            continue
        if name == "stream" and value is not True:
            continue
        place = _PLACES.get(name, name)
        ready = attribute([value] if place in _LISTS and isinstance(value, str) else value, _CHARS)
        if ready is not None:
            made[place] = ready
    return made


def _kind(value: object) -> object:
    return value.get("type") if isinstance(value, dict) else value
