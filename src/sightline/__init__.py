"""Sightline: self-hosted observability and monitoring for AI systems."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.client import Client as Client
    from sightline.sdk.redaction import Redaction as Redaction

__version__ = "0.1.0"
__all__ = ["Client", "Redaction", "__version__"]

# Where each public name is, so that importing Sightline costs nothing until one is used. A test holds this
# against the imports above, which are what type checkers read.
_PLACES = {
    "Client": "sightline.client",
    "Redaction": "sightline.sdk.redaction",
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
