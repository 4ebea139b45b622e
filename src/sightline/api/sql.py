"""One SELECT of a reader's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.api import shapes
from sightline.api.operations import Call, Operation
from sightline.api.parameters import PROJECT
from sightline.api.problems import Problem, busy
from sightline.query.sql_errors import SqlBusy, SqlError, SqlTooLarge, SqlTooLong
from sightline.records.access import Scope


async def sql(call: Call) -> Mapping[str, Any]:
    """Run one SELECT on the project; the query is killed when the client leaves."""
    asked = call.services.sql.answer(call.project, call.body["query"], call.body.get("parameters") or {})
    try:
        answer = await asked
    except SqlBusy as error:
        raise busy(str(error), error.retry_after) from error
    except (SqlTooLong, SqlTooLarge) as error:
        raise Problem(422, str(error), reason="limit") from error
    except SqlError as error:
        raise Problem(422, str(error), reason=error.reason, position=error.position) from error
    return {
        "columns": answer.columns,
        "types": answer.types,
        "data": answer.dicts(),
        "rows": len(answer.rows),
        "truncated": answer.truncated,
        "elapsed_ms": answer.elapsed_ms,
    }


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/sql",
        sql,
        "Run one SELECT",
        Scope.READ,
        shapes.SQL_ANSWER,
        "Read-only ClickHouse SQL on the tables spans, traces, logs, metrics and content of one project.",
        body=shapes.SQL_BODY,
        parameters=(PROJECT,),
        failures=(429,),
        reads=True,
    ),
)
