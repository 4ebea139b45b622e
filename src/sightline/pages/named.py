"""Addresses of things that carry a sender's own name, which may hold anything: slashes, marks, only dots."""

from __future__ import annotations

from starlette.requests import Request

from sightline.pages.address import View

# A browser takes these for a way up the path, also when they are quoted.
_STEPS = frozenset({".", ".."})
ID = "id"
"""The parameter that has a name which cannot stand in a path."""


def named(view: View, page: str, name: str, **changes: str | None) -> str:
    """The address of one session or user: `/p/{project}/{page}/{name}`, the name quoted."""
    if name in _STEPS:
        return view.link(page, "", **{ID: name, **changes})
    return view.link(page, name, **changes)


def name_of(request: Request, key: str) -> str:
    """The name in an address that `named` wrote."""
    return str(request.path_params[key] or request.query_params.get(ID, ""))
