"""Whose clock days are counted by: the reader's, whose browser told it in a cookie, else UTC."""

from __future__ import annotations

from datetime import UTC, tzinfo
from urllib.parse import unquote

from starlette.requests import Request

from sightline.query.buckets import NoBuckets, zone_of

ZONE_COOKIE = "sightline_zone"


def zone_name(request: Request) -> str:
    """The name of the reader's zone; the address may name another one."""
    for name in (request.query_params.get("zone", ""), unquote(request.cookies.get(ZONE_COOKIE, ""))):
        if name:
            try:
                zone_of(name)
            except NoBuckets:
                continue
            return name
    return "UTC"


def zone(name: str) -> tzinfo:
    """The zone of a name that was checked."""
    return UTC if name == "UTC" else zone_of(name)
