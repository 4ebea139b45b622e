"""Redaction: personal data and secrets leave a program as tokens, or not at all."""

from sightline.sdk.redaction.found import KINDS, Detector, Found
from sightline.sdk.redaction.patterns import Patterns
from sightline.sdk.redaction.redaction import DROPPED, FAILED, Redaction

__all__ = ["DROPPED", "FAILED", "KINDS", "Detector", "Found", "Patterns", "Redaction"]
