"""`sightline.Client`: ask a Sightline from a program. It needs nothing but Python's own library."""

from sightline.client.client import Client
from sightline.client.errors import ClientError, Incomplete, MissingLibrary, Refused, Unreachable
from sightline.client.records import Count, Records, Series, Session, Span, Table, Trace, TraceSummary

__all__ = [
    "Client", "ClientError", "Count", "Incomplete", "MissingLibrary", "Records", "Refused", "Series",
    "Session", "Span", "Table", "Trace", "TraceSummary", "Unreachable",
]  # fmt: skip
