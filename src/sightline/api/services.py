"""What the API needs of the rest of the program."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sightline.api.limits import RateLimits
from sightline.control.control import Control
from sightline.control.gate import Gate
from sightline.journal.journal import Journal
from sightline.query.scrape_keeper import ScrapeKeeper
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.query.sql_stream import SqlStreams
from sightline.store.store import Store


@dataclass(frozen=True, slots=True)
class ApiServices:
    """Everything a handler may reach; the wiring owns and closes it.

    `backup` writes a backup into a directory on the server and tells about it, or raises Problem; None where
    this process cannot. `prices_changed` is called after own prices changed. `journal` is None in a process
    that does not receive. `streams` answers the ClickHouse protocol; None: it is not spoken.
    `scrapes` counts for projects' own Prometheus. `clock` tells nanoseconds since the epoch.
    `limits` counts requests; None: any number.
    """

    store: Store
    sql: SqlEndpoint
    control: Control
    gate: Gate
    journal: Journal | None = None
    backup: Callable[[str], Awaitable[Mapping[str, Any]]] | None = None
    prices_changed: Callable[[], None] = lambda: None
    streams: SqlStreams | None = None
    scrapes: ScrapeKeeper | None = None
    clock: Callable[[], int] = time.time_ns
    limits: RateLimits | None = None
