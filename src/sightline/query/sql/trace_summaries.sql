-- One row per trace. Usage counts once: summed is what is a span's own; a roll-up repeats what spans below it
-- report. What is unknown is counted of all but roll-ups: a call that reports nothing has no usage of its own.
-- The earliest root tells the name; the earliest span does while no root came.
WITH
    ifNull(s.usage_source, '') = 'own' AS own,
    ifNull(s.usage_source, '') != 'rollup' AS counted,
    ifNull(s.response_model, ifNull(s.request_model, '')) AS model_name,
    s.kind = 'llm' AND model_name != '' AS called,
    toUnixTimestamp64Nano(s.start_time) AS started,
    (NOT s.is_root, started) AS rank,
    arrayFirst(f -> has(s.content.field, f), ['input_messages', 'input_value']) AS input_field
SELECT
    s.trace_id AS trace_id,
    argMin(s.span_id, rank) AS root_span_id,
    argMin(s.name, rank) AS name,
    ifNull(argMin(ifNull(s.service, ''), rank), '') AS service,
    argMin(s.status, rank) AS status,
    min(started) AS began,
    max(started + s.duration_ns) AS ended,
    maxIf(
        (
            s.kind = 'http',
            if(s.kind = 'http', -started, started),
            started + ifNull(s.time_to_first_token_ns, 0)
        ),
        s.kind IN ('llm', 'http') AND s.time_to_first_token_ns IS NOT NULL
    ).3 AS first_token_at,
    count() AS spans,
    countIf(s.status = 'error') AS errors,
    argMaxIf(model_name, (ifNull(s.cost_usd, 0), ifNull(s.input_tokens, 0)), called) AS model,
    uniqExactIf(model_name, called) AS models,
    sumIf(s.input_tokens, own) AS input_tokens,
    sumIf(s.output_tokens, own) AS output_tokens,
    sumIf(s.cache_read_tokens, own) AS cache_read_tokens,
    sumIf(s.cache_write_tokens, own) AS cache_write_tokens,
    sumIf(s.reasoning_tokens, own) AS reasoning_tokens,
    sumIf(s.cost_usd, own) AS cost_usd,
    countIf(counted AND s.cost_source = 'unknown') AS unknown_cost,
    countIf(
        counted AND s.kind = 'llm' AND (s.input_tokens IS NULL OR s.output_tokens IS NULL)
    ) AS unknown_tokens,
    anyIf(ifNull(s.session_id, ''), ifNull(s.session_id, '') != '') AS session_id,
    anyIf(ifNull(s.user_id, ''), ifNull(s.user_id, '') != '') AS user_id,
    toString(anyIf(ifNull(s.team, ''), ifNull(s.team, '') != '')) AS team,
    toString(anyIf(ifNull(s.feature, ''), ifNull(s.feature, '') != '')) AS feature,
    toString(anyIf(ifNull(s.environment, ''), ifNull(s.environment, '') != '')) AS environment,
    max(s.is_root) AS root_received,
    min(ifNull(s.sample_weight, 1)) AS weight,
    toString(ifNull(argMin(ifNull(s.sample_reason, ''), rank), '')) AS sample_reason,
    argMinIf(
        hex(s.content.hash[indexOf(s.content.field, input_field)]), rank, input_field != ''
    ) AS input_hash
FROM sightline.spans AS s
WHERE
    s.project = {project:String}
    AND s.trace_id IN {trace_ids:Array(String)}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
GROUP BY s.trace_id
