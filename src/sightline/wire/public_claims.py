"""What a public key may not claim, taken out of its records before they are durable.

Whoever opens a page can send with the key that stands in it, so all that comes with it is a claim, and is
marked as such (`source`). Three claims would reach beyond the sender's own records, and are not let through:

- a sampling weight above MOST_WEIGHT, or in other words than ours: it multiplies a span in every total;
- that a score is a person's, an evaluator's or a rule's: it is an end user's; and annotations among a span's
  attributes, which are scores that others gave;
- the id of somebody else's score, which would replace it or take it back. Ids of public scores have a name
  space of their own, `public:`, so that a page can replace and take back what it sent itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from sightline.catalog.conventions import conventions
from sightline.records.ingest import Signal
from sightline.wire.shapes import SHAPES

SCORE_EVENT = "gen_ai.evaluation.result"
SCORE_SOURCE = "sightline.score.source"
SCORE_ID = "sightline.score.id"
END_USER = "end_user"
ID_PREFIX = "public:"
WEIGHT = "sightline.sampling.weight"
MOST_WEIGHT = 100.0
"""Pages that send one in a hundred are counted right."""
_SAMPLING = "sampling."
_REASON = "sightline.sampling.reason"
_ANNOTATION = re.compile(r"(?:(?:trace|session)\.)?(?:annotations|evaluations)\.\d")


def bounded_claims(payload: bytes, signal: Signal) -> bytes:
    """An export request without what a public key may not claim. `payload` is sound OTLP protobuf."""
    shape = SHAPES[signal]
    request = shape.request.FromString(payload)
    for group in shape.groups(request):
        _withhold(group.resource.attributes)
        for scope in shape.scopes(group):
            _withhold(scope.scope.attributes)
            for record in shape.records(scope):
                _withhold(record.attributes)
                if signal is Signal.TRACES:
                    # A threshold of OpenTelemetry's sampling is a weight by another name.
                    record.trace_state = ""
                    for event in record.events:
                        _as_end_user(event.name, event.attributes)
                else:
                    _as_end_user(record.event_name, record.attributes)
    return bytes(request.SerializeToString())


@lru_cache(maxsize=1)
def withheld() -> frozenset[str]:
    """The attributes, in anyone's words, that would say for how many a span stands."""
    fields = [f for f in conventions().fields if f.name.startswith(_SAMPLING)]
    said = {s.attribute for f in fields for s in f.sources}
    return frozenset((said | {f"sightline.{f.column}" for f in fields if f.column}) - {WEIGHT, _REASON})


def _is_withheld(key: str) -> bool:
    return key in withheld() or bool(_ANNOTATION.match(key))


def _withhold(attributes: Any) -> None:
    for attribute in attributes:
        if attribute.key == WEIGHT:
            kind = attribute.value.WhichOneof("value")
            said = getattr(attribute.value, kind) if kind in ("int_value", "double_value") else 1.0
            # Also what is no number at all (NaN) fits nowhere.
            attribute.value.double_value = min(said, MOST_WEIGHT) if said >= 1 else 1.0
    kept = [a for a in attributes if not _is_withheld(a.key)]
    if len(kept) != len(attributes):
        kept = [_copy(a) for a in kept]
        del attributes[:]
        attributes.extend(kept)


def _as_end_user(event: str, attributes: Any) -> None:
    """A score, by its name or by having what only scores have, is an end user's, in their name space."""
    ours = [a for a in attributes if a.key in (SCORE_SOURCE, SCORE_ID)]
    named = event == SCORE_EVENT or any(
        a.key in ("event.name", "name") and a.value.string_value == SCORE_EVENT for a in attributes
    )
    if not ours and not named:
        return
    for attribute in ours:
        if attribute.key == SCORE_SOURCE:
            attribute.value.string_value = END_USER
        else:
            attribute.value.string_value = ID_PREFIX + attribute.value.string_value
    if not any(a.key == SCORE_SOURCE for a in ours):
        attributes.add(key=SCORE_SOURCE).value.string_value = END_USER


def _copy(attribute: Any) -> Any:
    made = type(attribute)()
    made.CopyFrom(attribute)
    return made
