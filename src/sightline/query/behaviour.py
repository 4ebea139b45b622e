"""How spans of each name, model and error type behave in two stretches of time: what attention is built on.

One pass a stretch. The later one counts spans that are longer than the earlier 95th percentile of their name,
so that a shift can be tested and not only seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from sightline.query.filter.compiler import Sql, Statement, indented
from sightline.query.selection import Selection, rows
from sightline.records.overview import Behaviour
from sightline.store.store import Store

# The most frequent of each; what is rarer has no sample that a statement could rest on.
MOST = 200
_KEYS = {
    "name": "s.name",
    "model": "if(s.kind = 'llm', ifNull(ifNull(s.response_model, s.request_model), ''), '')",
    "error.type": "if(s.status = 'error', ifNull(toString(s.error_type), ''), '')",
}


async def behaviour(
    store: Store, selection: Selection, before: Sequence[Behaviour] = ()
) -> tuple[Behaviour, ...]:
    """The spans of a selection by name, model and error type. `before` says which p95 to count against.

    Errors of the store pass through.
    """
    statement = behaving(selection, before)
    answer = await store.fetch(statement.text, statement.parameters, purpose="figures")
    found = []
    for row in answer.dicts():
        mark = 7 - int(row["mark"])
        what = {4: "name", 2: "model", 1: "error.type"}[mark]
        value = str(row[{4: "k0", 2: "k1", 1: "k2"}[mark]])
        if value:
            p95 = row["p95"]
            found.append(
                Behaviour(
                    what,
                    value,
                    int(row["found"]),
                    int(row["errors"]),
                    float(p95) if p95 == p95 else None,
                    int(row["slower"]),
                    int(row["users"]),
                )
            )
    return tuple(found)


def behaving(selection: Selection, before: Sequence[Behaviour]) -> Statement:
    """The statement behind `behaviour`: grouped three ways in one pass."""
    sql = Sql(selection.window)
    known = {what: [b for b in before if b.what == what and b.p95 is not None] for what in ("name", "model")}

    def limit(what: str) -> str:
        some = known[what]
        if not some:
            return "toFloat64(inf)"
        names = sql.parameters.value("Array(String)", [b.value for b in some])
        most = sql.parameters.value("Array(Float64)", [float(b.p95 or 0) for b in some])
        return f"transform(toString({_KEYS[what]}), {names}, {most}, toFloat64(inf))"

    chosen = [
        *(f"toString({key}) AS k{n}" for n, key in enumerate(_KEYS.values())),
        "grouping(k0, k1, k2) AS mark",
        "count() AS found",
        "countIf(s.status = 'error') AS errors",
        "quantileTDigest(0.95)(s.duration_ns) AS p95",
        f"if(mark = 3, countIf(s.duration_ns > {limit('name')}), countIf(s.duration_ns > {limit('model')}))"
        " AS slower",
        "uniqIf(s.user_id, s.status = 'error' AND s.user_id != '') AS users",
    ]
    listed = ",\n".join(chosen)
    return sql.statement(
        f"SELECT\n{indented(listed)}\n{rows(selection, sql)}\nGROUP BY GROUPING SETS ((k0), (k1), (k2))\n"
        f"ORDER BY mark, found DESC, k0, k1, k2\nLIMIT {sql.parameters.value('UInt32', MOST)} BY mark"
    )
