"""What keeps pages of other sites from acting through a browser that is signed in here.

Three things together: the cookie is SameSite=Lax, the browser must not say that another site asks, and
whoever changes something brings the token of the session, which only our own pages hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from sightline.control.exposure import origin_allowed
from sightline.control.tokens import matches
from sightline.records.access import Principal

FIELD = "csrf"
"""The form field with the token."""
HEADER = "x-csrf-token"
"""The header with it, of calls to the API."""


def same_site(headers: Mapping[str, str]) -> bool:
    """Whether nothing says that a page of another site sends this. Programs say nothing, which is fine."""
    fetch_site = headers.get("sec-fetch-site", "none")
    return origin_allowed(headers.get("origin"), headers.get("host"), ()) and fetch_site in {
        "none",
        "same-origin",
    }


def token_fits(principal: Principal, given: str) -> bool:
    """Whether a change brings its session's token. Who has no session needs none: no cookie speaks then."""
    return principal.session is None or matches(given, principal.csrf)
