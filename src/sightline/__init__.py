"""Sightline: self-hosted observability and monitoring for AI systems."""

__version__ = "0.1.0"
