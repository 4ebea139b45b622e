"""Styles, scripts and fonts as built by `frontend/build.py`: hashed names, cached for good.

The manifest maps the names templates use to the files built; a page asks for `app.css` and links
`app-3F2A….css`. Nothing is read from outside the build folder, whatever the address says.
"""

from __future__ import annotations

import json
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

BUILD = Path(__file__).parent / "static" / "build"
_TYPES = {".woff2": "font/woff2", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
HOUR = "public, max-age=3600, stale-while-revalidate=86400"
IMMUTABLE = "public, max-age=31536000, immutable"


class NotBuilt(RuntimeError):
    """The front end was not built."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file in memory. `gzip` is `None` where packing does not help (fonts)."""

    body: bytes
    gzip: bytes | None
    media_type: str
    etag: str


@lru_cache(maxsize=8)
def manifest(build: Path = BUILD) -> dict[str, str]:
    """Logical name → built file name. Raises `NotBuilt`."""
    try:
        found = json.loads((build / "manifest.json").read_text())
    except FileNotFoundError:
        raise NotBuilt(
            f"{build / 'manifest.json'} is missing: the front end was not built; run `make setup`"
        ) from None
    return {str(name): str(file) for name, file in found["files"].items()}


def address(name: str, build: Path = BUILD) -> str:
    """The address of a built file by its logical name, such as `app.css`."""
    files = manifest(build)
    if name not in files:
        raise NotBuilt(f"{name} is not in the front end's manifest (known: {', '.join(sorted(files))})")
    return f"/static/{files[name]}"


@lru_cache(maxsize=64)
def _load(name: str, build: Path) -> Asset | None:
    known = set(manifest(build).values())
    if name not in known:
        return None
    path = build / name
    packed = build / f"{name}.gz"
    return Asset(
        body=path.read_bytes(),
        gzip=packed.read_bytes() if packed.exists() else None,
        media_type=_TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream",
        etag=f'"{path.stem.rsplit("-", 1)[-1]}"',
    )


async def static(request: Request) -> Response:
    """Serve `/static/{name}`; names change with their content, so an answer is valid for good."""
    asset = _load(request.path_params["name"], BUILD)
    if asset is None:
        return PlainTextResponse("no such file; the page that named it may be older than this server\n", 404)
    return _answer(request, asset, {"cache-control": IMMUTABLE})


async def widget(request: Request) -> Response:
    """Serve `/widget.js`, the feedback widget, to pages of any site.

    Its address stays, so an answer is valid for an hour; with `?v=` and the version that stands in `ETag` for
    good, and with another version never longer than that hour.
    """
    asset = _load(manifest().get("widget.js", ""), BUILD)
    if asset is None:
        return PlainTextResponse("this server was built without the widget\n", 404)
    pinned = request.query_params.get("v") == asset.etag.strip('"')
    return _answer(
        request,
        asset,
        {
            "cache-control": IMMUTABLE if pinned else HOUR,
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
            "timing-allow-origin": "*",
            "x-content-type-options": "nosniff",
        },
    )


def _answer(request: Request, asset: Asset, headers: dict[str, str]) -> Response:
    headers |= {"etag": asset.etag, "vary": "accept-encoding"}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if asset.etag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    if asset.gzip is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            asset.gzip, headers={**headers, "content-encoding": "gzip"}, media_type=asset.media_type
        )
    return Response(asset.body, headers=headers, media_type=asset.media_type)
