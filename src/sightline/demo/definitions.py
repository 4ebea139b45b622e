"""What the demo means by the names of its scores: without a direction nothing says which values are good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sightline.client.errors import ClientError, Refused
from sightline.client.transport import Transport

PATH = "/api/v1/score-definitions"
DEFINITIONS: Mapping[str, Mapping[str, Any]] = {
    "helpful": {
        "data_type": "boolean", "direction": "higher",
        "description": "What people say with the thumbs under an answer.",
    },
    "groundedness": {
        "data_type": "numeric", "min": 0, "max": 1, "direction": "higher",
        "description": "How much of an answer is supported by the articles it was given.",
    },
    "satisfaction": {
        "data_type": "numeric", "min": 1, "max": 5, "direction": "higher",
        "description": "Stars for the whole conversation.",
    },
    "verdict": {
        "data_type": "categorical", "categories": ["right", "partly right", "wrong"],
        "description": "What a colleague thinks of an answer that did not help.",
    },
    "answer": {"data_type": "correction", "description": "What should have been answered."},
}  # fmt: skip


def define(url: str, key: str = "") -> str:
    """Define the demo's scores where nobody has yet. What was left and why; empty: nothing."""
    transport = Transport(url, key, seconds=10.0, retries=1)
    try:
        there = {one["name"] for one in transport.request("GET", PATH).json()["definitions"]}
        for name, meant in DEFINITIONS.items():
            if name not in there:
                body = json.dumps(meant).encode()
                sent = {"content-type": "application/json"}
                transport.request("PUT", f"{PATH}/{quote(name)}", body=body, headers=sent)
    except Refused as error:
        return (
            f"The demo's scores are not defined: {error} A key with the scope admin may define them;"
            " without, their values have no colour."
        )
    except (ClientError, LookupError, TypeError) as error:
        return f"The demo's scores are not defined ({error}); their values have no colour."
    finally:
        transport.close()
    return ""
