SELECT
    bucket, d0,
    grouping(bucket, d0) AS mark,
    sum(n) AS found,
    sum(bad) AS failed,
    quantilesTDigestMerge(0.5, 0.95)(took_state) AS took,
    uniqExactMerge(user_state) AS users,
    uniqExactMerge(session_state) AS sessions,
    sum(sum_tokens) AS all_tokens,
    sum(sum_input_tokens) AS all_input_tokens,
    sum(sum_output_tokens) AS all_output_tokens,
    sum(sum_cost) AS all_cost,
    sum(sum_no_cost) AS all_no_cost,
    sum(sum_no_tokens) AS all_no_tokens,
    count() OVER (PARTITION BY mark) AS groups
FROM (
    SELECT
        intDiv(toUnixTimestamp64Nano(s.start_time) - {p1:Int64}, {p2:Int64}) AS bucket,
        if(has({p3:Array(String)}, toString(s.d0)), concat('=', s.d0), '') AS d0,
        count() AS n,
        countIf(s.failed) AS bad,
        quantilesTDigestState(0.5, 0.95)(s.took) AS took_state,
        uniqExactStateIf(s.user_id, s.user_id != '') AS user_state,
        uniqExactStateIf(s.session_id, s.session_id != '') AS session_state,
        sum(u.tokens) AS sum_tokens,
        sum(u.input_tokens) AS sum_input_tokens,
        sum(u.output_tokens) AS sum_output_tokens,
        sum(u.cost) AS sum_cost,
        sum(u.no_cost) AS sum_no_cost,
        sum(u.no_tokens) AS sum_no_tokens
    FROM (
        SELECT
            cityHash64(s.trace_id) AS id,
            min(s.start_time) AS start_time,
            max(toUnixTimestamp64Nano(s.start_time) + s.duration_ns) - min(toUnixTimestamp64Nano(s.start_time)) AS took,
            argMin(ifNull(s.team, ''), s.start_time) AS d0,
            argMin(s.user_id, s.start_time) AS user_id,
            argMin(s.session_id, s.start_time) AS session_id,
            max(s.trace_id IN (
                SELECT s.trace_id
                FROM sightline.spans AS s
                PREWHERE
                    s.project = {project:String}
                    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                    AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                    AND s.status = 'error'
            )) AS failed
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.depth = 0
            AND s.trace_id NOT IN (
                SELECT s.trace_id
                FROM sightline.spans AS s
                PREWHERE
                    s.project = {project:String}
                    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                    AND s.start_time < fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                    AND s.depth = 0
            )
            AND s.environment = {p0:String}
        GROUP BY id
    ) AS s
    LEFT JOIN (
        SELECT
            cityHash64(s.trace_id) AS id,
            sumIf(if(s.input_tokens IS NULL AND s.output_tokens IS NULL, s.tokens_total, ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0)), s.usage_source = 'own') AS tokens,
            sumIf(s.input_tokens, s.usage_source = 'own') AS input_tokens,
            sumIf(s.output_tokens, s.usage_source = 'own') AS output_tokens,
            sumIf(s.cost_usd, s.usage_source = 'own') AS cost,
            countIf(s.cost_source = 'unknown') AS no_cost,
            countIf(s.kind = 'llm' AND ifNull(s.usage_source, '') != 'rollup' AND (s.input_tokens IS NULL OR s.output_tokens IS NULL)) AS no_tokens
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND (s.usage_source = 'own' OR s.cost_source = 'unknown' OR s.kind = 'llm')
        GROUP BY id
    ) AS u ON s.id = u.id
    GROUP BY bucket, d0
)
GROUP BY GROUPING SETS ((bucket), (d0), ())
ORDER BY mark, found DESC, bucket, d0
LIMIT {p4:UInt32} BY mark
