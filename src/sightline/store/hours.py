"""Hours of a project that are added up beside the server, and notes of those that changed.

Whoever adds up an hour waits until it has been quiet for `PAUSE`. So an hour that was noted within `AGAIN`
needs no second note: what was added up within `PAUSE` of a note does not count.
"""

from __future__ import annotations

HOUR = 3_600 * 10**9
"""Nanoseconds; hours are numbered from 1970."""
PAUSE = 120 * 10**6
"""Microseconds from a note to the moment from which its hour may be added up."""
AGAIN = 60 * 10**6
"""Microseconds for which a note stands for further changes; well below `PAUSE`, so that clocks may differ."""
KEPT_HOURS = 400 * 24
"""Hours further back are never added up: nobody needs to know that they changed."""
