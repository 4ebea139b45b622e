"""What a sender can do about a refusal, by what the measure of requests says stopped it."""

from __future__ import annotations

# As `sightline_requests_total` names outcomes; docs/guide/troubleshooting.md has the same in more words.
FIXES = {
    "denied": "The key is missing, wrong, revoked or may not ingest, or a public one was used from another"
    " site. Make one under Settings, Keys, and send it as Authorization: Bearer KEY.",
    "limited": "A public key sent more than it may; the table of public keys says which. Raise its limits"
    " under Settings, Keys, or revoke it when it is abused.",
    "too_large": "One request is larger than http.max_body. Send smaller batches, or raise the setting.",
    "unsupported": "The protocol does not fit the address. OTLP over HTTP is protobuf or JSON at /v1/traces;"
    " gRPC has its own port.",
    "malformed": "The body is no OTLP request of this address. Compare the exporter's protocol and path with"
    " the snippets on the first-run page.",
    "too_slow": "The body did not arrive in time. Look at the network between sender and server.",
    "busy": "Too much came in at once. Exporters send again by themselves; use larger batches.",
    "full": "The journal is at journal.max_backlog. Exporters send again; see Settings, Health.",
    "unavailable": "The disk takes nothing more. Free some space; senders try again by themselves.",
    "failed": "A fault of ours: the log has the reason.",
}
WORDS = {
    "denied": "without a key that may ingest",
    "limited": "over the limits of a public key",
    "too_large": "too large",
    "unsupported": "of another protocol",
    "malformed": "not OTLP",
    "too_slow": "too slow",
    "busy": "too many at once",
    "full": "journal full",
    "unavailable": "disk full or failing",
    "failed": "failed",
    "partial": "accepted in part",
}


def fix(stopped_by: str) -> str:
    """What to do; empty for what is not known."""
    return FIXES.get(stopped_by, "")
