"""For a team's own Prometheus: the counters of its project, and which labels they have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from prometheus_client.exposition import choose_encoder
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from sightline.api import shapes
from sightline.api.operations import Call, Operation
from sightline.api.parameters import PROJECT
from sightline.api.problems import Problem, unavailable
from sightline.control.errors import ControlError
from sightline.query.scrape import ScrapeSettings
from sightline.query.scrape_keeper import SETTING, ScrapeContended, ScrapeKeeper
from sightline.records.access import Scope
from sightline.store.rows import StoreError

# What Prometheus asks for first; other readers get its older text.
_PREFERRED = "application/openmetrics-text;version=1.0.0"


def _keeper(call: Call) -> ScrapeKeeper:
    if call.services.scrapes is None:
        raise Problem(404, "This process does not count; ask the one that serves the pages.")
    return call.services.scrapes


async def scrape(call: Call) -> Response:
    """The project's counters as text."""
    try:
        scraped = await _keeper(call).scrape(call.project)
    except ScrapeContended as error:
        raise unavailable(str(error)) from error
    except (StoreError, ControlError) as error:
        raise unavailable("The counters cannot be read now; Prometheus tries again by itself.") from error
    accept = call.request.headers.get("accept", "")
    encode, media_type = choose_encoder(_PREFERRED if accept in {"", "*/*"} else accept)
    return Response(encode(scraped.registry()), headers={"Content-Type": media_type})


async def scrape_settings(call: Call) -> Mapping[str, Any]:
    """What the project chose."""
    try:
        stored = await run_in_threadpool(call.services.control.setting, call.project, SETTING)
    except ControlError as error:
        raise unavailable(str(error)) from error
    return ScrapeSettings.of(stored).as_json()


async def change_scrape_settings(call: Call) -> Mapping[str, Any]:
    """Choose anew; what is left out is the default."""
    body: dict[str, Any] = call.body
    for name in ("labels", "kinds"):
        given = body.get(name, [])
        if len(set(given)) < len(given):
            raise Problem(422, f"{name}: a word stands there twice; name each once.")
    chosen = ScrapeSettings.of(body)
    keep = partial(call.services.control.set_setting, call.project, SETTING, chosen.as_json(), by=call.by)
    try:
        await run_in_threadpool(keep)
    except ControlError as error:
        raise unavailable(str(error)) from error
    _keeper(call).forget(call.project)
    return chosen.as_json()


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/scrape",
        scrape,
        "Counters for a project's own Prometheus",
        Scope.READ,
        shapes.TEXT,
        "OpenMetrics text, or Prometheus' own when asked for; counts what was stored since the last scrape.",
        parameters=(PROJECT,),
        media_type="application/openmetrics-text",
    ),
    Operation(
        "GET",
        "/scrape/settings",
        scrape_settings,
        "What the scrape counts and by which labels",
        Scope.READ,
        shapes.SCRAPE_SETTINGS,
        parameters=(PROJECT,),
    ),
    Operation(
        "PUT",
        "/scrape/settings",
        change_scrape_settings,
        "Choose what the scrape counts and by which labels",
        Scope.ADMIN,
        shapes.SCRAPE_SETTINGS,
        "Counting begins anew when something changes.",
        body=shapes.SCRAPE_BODY,
        parameters=(PROJECT,),
    ),
)
