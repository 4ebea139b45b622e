"""Sightline: self-hosted observability and monitoring for AI systems."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.client import Client as Client

__version__ = "0.1.0"
__all__ = ["Client", "__version__"]


def __getattr__(name: str) -> Any:
    """`Client` when it is asked for: importing Sightline alone costs nothing."""
    if name == "Client":
        from sightline.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
