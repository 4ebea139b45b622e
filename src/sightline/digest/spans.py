"""Last pass: canonical spans, their trees, what counts for the whole trace and prices, as rows of the
store."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.digest.canonical import CANON, TRACE_WIDE
from sightline.digest.pricing import COST_INPUTS, CostPlan
from sightline.digest.trace_sums import HEAD, MODELS, NUMBERS, SUMS, WEIGHT, model_of
from sightline.digest.usage import called_expression, figures_expression, role_expression, usage_expression


def tree_select(columns: Sequence[str]) -> str:
    """The columns of `tree.SPAN` from the canonical scratch table, then the number of texts and the longest
    of them."""
    return (
        "SELECT toUInt64(row), trace, span_key, parent_key, toInt64(start), toInt64(end),"
        f" toUInt8({usage_expression(columns)}), {role_expression()}, received_at,"
        f" {figures_expression(columns)}, {called_expression(columns)}, sipHash64(toString(scope)),"
        f" toUInt32(length(content_sizes)), arrayMax(content_sizes) FROM {CANON}"
    )


def traces_select(columns: Sequence[str], cost: CostPlan) -> str:
    """Per trace: its head's rank, its sums, and what counts for all of its spans: the root's value, else that
    of the earliest span with one.

    Traces of the scratch table `going_on` get no head here: they have one in the store, and readers must not
    see two of them until the trace is settled.
    """
    head = "if(trace IN (SELECT trace FROM going_on), 4294967295, min(rank))"
    wide = [n for n in TRACE_WIDE if n in columns]
    parts = [f"{one.sql} AS s_{one.name}" for one in SUMS]
    parts += [
        f"argMinIf(c_{n}, rank, {'notEmpty' if n == 'tags' else 'isNotNull'}(c_{n})) AS t_{n}" for n in wide
    ]
    given = {
        "began": "toInt64(start)",
        "ended": "toInt64(greatest(start, end))",
        "failed": "code = 2",
        "own": "usage = 1",
        "rollup": "usage = 2",
        **{n: f"c_{n}" if n in columns else "CAST(NULL, 'Nullable(UInt64)')" for n in NUMBERS},
        WEIGHT: f"c_{WEIGHT}" if WEIGHT in columns else "CAST(NULL, 'Nullable(Float64)')",
        "model": f"CAST({model_of([f'c_{n}' for n in MODELS if n in columns])}, 'String')",
        "cost_usd": "CAST(NULL, 'Nullable(Float64)')",
        "cost_source": "CAST(NULL, 'Nullable(String)')",
    }
    given |= {name: name for name in ("cost_usd", "cost_source") if name in cost.columns}
    rows = ", ".join(
        ["trace", "rank", "kind", *(f"c_{n}" for n in wide), *(f"{v} AS {n}" for n, v in given.items())]
    )
    read = [
        "row",
        "trace",
        "kind",
        "start",
        "end",
        "code",
        *(f"c_{n}" for n in (*wide, *NUMBERS, *MODELS, WEIGHT) if n in columns),
    ]
    # The joins leave out copies of a span that a later copy replaces.
    return (
        f"SELECT trace AS wide_trace, {head} AS head_rank, {', '.join(parts)} FROM (SELECT {rows} FROM"
        f" (SELECT {', '.join(read)} FROM {CANON}) AS n INNER JOIN tree ON n.row = tree.tree_row"
        f" INNER JOIN costs ON n.row = costs.cost_row) GROUP BY trace"
    )


def insert_spans(
    columns: Sequence[str], events: bool, links: bool, digested_at: str, retention: str, cost: CostPlan
) -> tuple[list[str], str]:
    """The columns and the SELECT that make rows of table `spans` from `canon` and `tree`.

    `retention` is an expression of days. The scratch table `costs` holds the answer of `cost_select`,
    `going_on` the traces that have a head already.
    """
    wide = [n for n in TRACE_WIDE if n in columns]
    bits = [
        "if("
        + ("empty(c_tags) AND notEmpty(t_tags)" if n == "tags" else f"isNull(c_{n}) AND isNotNull(t_{n})")
        + f", {1 << i}, 0)"
        for i, n in enumerate(TRACE_WIDE)
        if n in columns
    ]
    values: dict[str, str] = {
        "project": "project",
        "trace_id": "lower(hex(trace_id))",
        "span_id": "lower(hex(span_id))",
        "parent_span_id": "if(parent_key = 0, '', lower(hex(parent_id)))",
        "name": "name",
        "kind": "kind",
        "otel_kind": "transform(otel_kind, [1, 2, 3, 4, 5],"
        " ['internal', 'server', 'client', 'producer', 'consumer'], 'unspecified')",
        "status_message": "message",
        "start_time": "fromUnixTimestamp64Nano(toInt64(start), 'UTC')",
        "duration_ns": "if(end > start, end - start, 0)",
        "own_ns": "own",
        "depth": "depth",
        "is_root": "parent_key = 0",
        "skew_ns": "skew",
        "late_ns": "if(received_at > end AND end > 0, received_at - end, 0)",
        "received_at": "fromUnixTimestamp64Nano(toInt64(received_at), 'UTC')",
        "digested_at": digested_at,
        "source": "source",
        "scope": "scope",
        "scope_version": "scope_version",
        "trace_state": "trace_state",
        "dropped_attributes": "dropped",
        "usage_source": "transform(usage, [1, 2], ['own', 'rollup'], NULL)",
        "content.field": "content_fields",
        "content.hash": "content_hashes",
        "content.size": "content_sizes",
        "inherited": f"toUInt16({' + '.join(bits) if bits else '0'})",
        "attributes": "attributes",
        "resource": "resource",
        "retention_days": retention,
    }
    for name in columns:
        if name == "tags":
            values[name] = "if(empty(c_tags), t_tags, c_tags)"
        elif name in wide:
            values[name] = f"coalesce(c_{name}, t_{name})"
        else:
            values[name] = f"c_{name}"
    if "finish_reasons" in columns:
        values["finish_reason"] = "nullIf(c_finish_reasons[1], '')"
    values |= {name: f"p.{name}" for name in cost.columns}
    values[HEAD] = "rank = head_rank"
    values |= {one.name: f"if(rank = head_rank, s_{one.name}, {one.nothing})" for one in SUMS}
    if events:
        values |= {
            "events.time": "arrayMap(t -> fromUnixTimestamp64Nano(toInt64(least(t, 9223372036854775807)),"
            " 'UTC'), event_times)",
            "events.name": "event_names",
            "events.attributes": "event_attributes",
        }
    if links:
        values |= {
            "links.trace_id": "link_traces",
            "links.span_id": "link_spans",
            "links.attributes": "link_attributes",
        }
    # What the content pass alone reads stays out: joins copy every column they are given.
    source = f"(SELECT * EXCEPT (content_texts) FROM {CANON}) AS c INNER JOIN tree AS t ON c.row = t.tree_row"
    source += " ANY LEFT JOIN resources AS r ON c.resource_row = r.of_resource"
    source += f" LEFT JOIN ({traces_select(columns, cost)}) AS w ON c.trace = w.wide_trace"
    source += " LEFT JOIN costs AS p ON c.row = p.cost_row"
    return list(values), f"SELECT {', '.join(values.values())} FROM {source}"


def cost_select(columns: Sequence[str], cost: CostPlan) -> str:
    """Row number and cost columns of each span; the layers stay narrow, since every column is analysed in
    each."""
    needed = [f"c_{name}" for name in columns if name in COST_INPUTS]
    needed += ["project"] if cost.by_project else []
    source = (
        f"(SELECT {', '.join(['row AS cost_row', 'kind', 'start', 'usage', *needed])} FROM {CANON} INNER"
        " JOIN tree ON row = tree_row)"
    )
    for layer in cost.layers:
        source = (
            f"(SELECT *, {', '.join(f'{value} AS {name}' for name, value in layer.items())} FROM {source})"
        )
    chosen = ", ".join(f"{value} AS {name}" for name, value in cost.columns.items())
    return f"SELECT cost_row{', ' if chosen else ''}{chosen} FROM {source}"
