"""`/p/{project}/explore/sql`: one's own SQL over a project, its answer as a table and a chart.

The query stands in the address, so that it can be shared; the page only reads. Who leaves while it runs, or
presses Cancel, ends it on the server, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sightline.api.leaving import ReaderLeft, while_reading
from sightline.pages import formats
from sightline.pages.address import Link, View
from sightline.pages.answers import html
from sightline.pages.charts import Chart
from sightline.pages.environment import render
from sightline.pages.explore import tabs
from sightline.pages.frames import Frames, Table
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.pages.sql_parts import (
    SqlBar,
    SqlCell,
    SqlColumn,
    Wrong,
    bars,
    cells,
    charts,
    columns,
    csv_of,
    wrong,
)
from sightline.pages.sql_schema import EXAMPLES, SchemaTable, tables
from sightline.pages.zones import zone, zone_name
from sightline.query.sql_answer import SqlAnswer
from sightline.query.sql_errors import SqlBusy, SqlError
from sightline.store.rows import StoreError

# What fits into an address everywhere; longer queries go to the API.
MOST_TEXT = 6_000


@dataclass(frozen=True, slots=True)
class SqlContext:
    """Everything `sql.html` shows. `failure` is a sentence, `wrong` where it points to."""

    shell: Shell
    tabs: tuple[Link, ...]
    action: str
    kept: tuple[tuple[str, str], ...]
    sql: str
    ran: bool
    examples: tuple[Link, ...]
    tables: tuple[SchemaTable, ...]
    failure: str
    wrong: Wrong | None
    columns: tuple[SqlColumn, ...]
    rows: tuple[tuple[SqlCell, ...], ...]
    found: str
    cut: str
    elapsed: str
    charts: tuple[Chart, ...]
    bars: tuple[SqlBar, ...]
    csv: str


class SqlPages:
    """`/p/{project}/explore/sql`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/explore/sql", self.show)]

    async def show(self, request: Request) -> Response:
        """The editor, and the answer to what stands in it; `format=csv` is its download."""
        view, principal = await self.frames.view(request, ("sql", "format", "zone"))
        sql = request.query_params.get("sql", "")
        answer: SqlAnswer | None = None
        failure, position = "", None
        if len(sql) > MOST_TEXT:
            failure = (
                f"The query has {len(sql):,} characters; {MOST_TEXT:,} fit into an address. "
                "Longer ones can be asked over the API, POST /api/v1/sql."
            )
        elif sql.strip():
            try:
                answer = await while_reading(request, self.services.sql.answer(view.project, sql))
            except SqlError as error:
                failure, position = str(error), error.position
            except SqlBusy as error:
                failure = str(error)
            except StoreError:
                failure = "The store cannot answer now; try again in a moment."
            except ReaderLeft:
                return Response(status_code=204)
        if answer and request.query_params.get("format") == "csv":
            return _download(view, answer)
        place = zone_name(request)
        seen = cells(view, answer) if answer else ()
        context = SqlContext(
            shell=await self.frames.shell("SQL", "explore", view, principal),
            tabs=tabs(view, "sql"),
            action=view.link("explore", "sql"),
            kept=tuple((k, v) for k, v in view.carried.items() if v),
            sql=sql,
            ran=answer is not None,
            examples=tuple(Link(title, view.link("explore", "sql", sql=text)) for title, text in EXAMPLES),
            tables=tables(self.services.sql.relations),
            failure=failure,
            wrong=wrong(sql, position),
            columns=columns(answer) if answer else (),
            rows=seen,
            found=_found(answer) if answer else "",
            cut=_cut(answer, len(seen)) if answer else "",
            elapsed=str(formats.duration(round(answer.elapsed_ms * formats.MS))) if answer else "",
            charts=charts(answer, zone(place)) if answer else (),
            bars=bars(answer) if answer else (),
            csv=view.link("explore", "sql", sql=sql, format="csv") if seen else "",
        )
        return html(render("sql.html", context))


def _found(answer: SqlAnswer) -> str:
    rows = len(answer.rows)
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _cut(answer: SqlAnswer, shown: int) -> str:
    """What of the answer is not on the page."""
    if answer.truncated:
        return (
            f"The answer has more rows than the {len(answer.rows):,} a query may have; "
            f"the first {shown:,} are shown. Narrow the query, or add order by and limit."
        )
    if len(answer.rows) > shown:
        return f"The first {shown:,} of {len(answer.rows):,} rows are shown; the API has all of them."
    return ""


def _download(view: View, answer: SqlAnswer) -> Response:
    name = f"{view.project}-sql.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(csv_of(answer), media_type="text/csv; charset=utf-8", headers=headers)
