"""Why an export does not come, or not to its end."""

from __future__ import annotations


class ExportBusy(Exception):
    """Too many exports run already. `retry_after` is in seconds."""

    retry_after = 10


class ExportFailed(Exception):
    """The export cannot be finished; the message says why and what to do."""
