"""Finds the installed libraries that call models, and turns on the instrumentations others keep for them.

Sightline patches nothing itself: which package serves which library is the table in `table.py`.
"""

from sightline.sdk.instrumentations.report import Outcome, Report
from sightline.sdk.instrumentations.turning_on import report, turn_on

__all__ = ["Outcome", "Report", "report", "turn_on"]
