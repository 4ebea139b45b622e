"""Sightline: self-hosted observability and monitoring for AI systems."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.client import Client as Client
    from sightline.sdk.sampling import Sampling as Sampling
    from sightline.sdk.sampling import keep_trace as keep_trace
    from sightline.sdk.start import counts as counts
    from sightline.sdk.start import flush as flush
    from sightline.sdk.start import init as init
    from sightline.sdk.start import shutdown as shutdown
    from sightline.sdk.web.asgi import SightlineMiddleware as SightlineMiddleware
    from sightline.sdk.web.django import DjangoMiddleware as DjangoMiddleware
    from sightline.sdk.web.wsgi import SightlineWSGIMiddleware as SightlineWSGIMiddleware
    from sightline.sdk.web.wsgi import instrument_flask as instrument_flask

__version__ = "0.1.0"
__all__ = [
    "Client",
    "DjangoMiddleware",
    "Sampling",
    "SightlineMiddleware",
    "SightlineWSGIMiddleware",
    "__version__",
    "counts",
    "flush",
    "init",
    "instrument_flask",
    "keep_trace",
    "shutdown",
]

# Where each public name is, so that importing Sightline costs nothing until one is used. A test holds this
# against the imports above, which are what type checkers read.
_PLACES = {
    "Client": "sightline.client",
    "DjangoMiddleware": "sightline.sdk.web.django",
    "Sampling": "sightline.sdk.sampling",
    "SightlineMiddleware": "sightline.sdk.web.asgi",
    "SightlineWSGIMiddleware": "sightline.sdk.web.wsgi",
    "counts": "sightline.sdk.start",
    "flush": "sightline.sdk.start",
    "init": "sightline.sdk.start",
    "instrument_flask": "sightline.sdk.web.wsgi",
    "keep_trace": "sightline.sdk.sampling",
    "shutdown": "sightline.sdk.start",
}


def __getattr__(name: str) -> Any:
    """A public name, from its module, when it is asked for."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(place), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names, also those not imported yet."""
    return sorted({*globals(), *__all__})
