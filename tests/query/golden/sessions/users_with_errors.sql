SELECT
    ifNull(s.user_id, '') AS id,
    ifNull(sumIf(toInt64(round(s.cost_usd * 1e9)), s.usage_source = 'own'), -1) AS key,
    cityHash64(id) AS hash
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.user_id != ''
    AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.trace_head
            AND s.trace_errors > 0
    )
GROUP BY id
ORDER BY key DESC, hash DESC
LIMIT {p0:UInt32}
---
SELECT
    ifNull(s.user_id, '') AS id,
    toInt64(countIf(s.trace_head)) AS requests,
    toInt64(countIf(s.trace_head AND s.trace_errors > 0)) AS failed,
    toInt64(uniqExactIf(s.session_id, s.session_id != '')) AS sessions,
    count() AS spans,
    countIf(s.trace_head) AS topmost,
    quantileExactIf(0.95)(s.trace_duration_ns, s.trace_head) AS p95,
    min(toUnixTimestamp64Nano(s.start_time)) AS first,
    max(toUnixTimestamp64Nano(s.start_time)) AS last,
    sumIf(s.input_tokens, s.usage_source = 'own') AS input_tokens,
    sumIf(s.output_tokens, s.usage_source = 'own') AS output_tokens,
    sumIf(s.cache_read_tokens, s.usage_source = 'own') AS cache_read_tokens,
    sumIf(s.cache_write_tokens, s.usage_source = 'own') AS cache_write_tokens,
    sumIf(s.reasoning_tokens, s.usage_source = 'own') AS reasoning_tokens,
    sumIf(s.cost_usd, s.usage_source = 'own') AS cost_usd,
    countIf(s.cost_source = 'unknown') AS unknown_cost,
    countIf(s.kind = 'llm' AND ifNull(s.usage_source, '') != 'rollup' AND (s.input_tokens IS NULL OR s.output_tokens IS NULL)) AS unknown_tokens,
    groupUniqArrayIf(50)(toString(ifNull(s.feature, '')), ifNull(s.feature, '') != '') AS features,
    groupUniqArrayIf(50)(toString(ifNull(s.response_model, ifNull(s.request_model, ''))), s.kind = 'llm' AND toString(ifNull(s.response_model, ifNull(s.request_model, ''))) != '') AS models
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.digested_at <= fromUnixTimestamp64Micro({p1:Int64}, 'UTC')
    AND ifNull(s.user_id, '') IN {p0:Array(String)}
    AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.trace_head
            AND s.trace_errors > 0
    )
GROUP BY id
