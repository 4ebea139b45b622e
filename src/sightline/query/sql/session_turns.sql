-- One row per trace of a session, the latest first.
-- Name and failure are the topmost span's, where it says something.
WITH
    ifNull(s.usage_source, '') = 'own' AS own,
    ifNull(s.usage_source, '') != 'rollup' AS counted,
    ifNull(s.response_model, ifNull(s.request_model, '')) AS model_name,
    s.kind = 'llm' AND model_name != '' AS called,
    toUnixTimestamp64Nano(s.start_time) AS started,
    (NOT s.is_root, s.depth, started) AS rank,
    if(s.status_message != '', s.status_message, ifNull(s.error_type, '')) AS said
SELECT
    s.trace_id AS trace_id,
    argMin(s.name, rank) AS name,
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
    argMin(s.status, rank) = 'error' AS root_failed,
    argMinIf((s.name, substring(said, 1, 500)), (said = '', rank), s.status = 'error') AS failure,
    count() AS spans,
    countIf(s.status = 'error') AS errors,
    countIf(s.kind = 'llm') AS calls,
    countIf(s.kind = 'tool') AS tools,
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
    anyIf(ifNull(s.user_id, ''), ifNull(s.user_id, '') != '') AS user_id,
    toString(anyIf(ifNull(s.environment, ''), ifNull(s.environment, '') != '')) AS environment,
    toString(anyIf(ifNull(s.release, ''), ifNull(s.release, '') != '')) AS release,
    min(ifNull(s.sample_weight, 1)) AS weight,
    toString(argMin(ifNull(s.sample_reason, ''), rank)) AS sample_reason
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.session_id = {session:String}
GROUP BY s.trace_id
ORDER BY began DESC, trace_id DESC
LIMIT {limit:UInt32}
