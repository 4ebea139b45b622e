SELECT
    bucket, d0,
    grouping(bucket, d0) AS mark,
    sum(n) AS found,
    sum(bad) AS failed,
    quantilesExactMerge(0.5, 0.95)(took_state) AS took,
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
        quantilesExactState(0.5, 0.95)(s.took) AS took_state,
        uniqExactStateIf(s.user_id, s.user_id != '') AS user_state,
        uniqExactStateIf(s.session_id, s.session_id != '') AS session_state,
        sum(s.tokens) AS sum_tokens,
        sum(s.input_tokens) AS sum_input_tokens,
        sum(s.output_tokens) AS sum_output_tokens,
        sum(s.cost) AS sum_cost,
        sum(s.no_cost) AS sum_no_cost,
        sum(s.no_tokens) AS sum_no_tokens
    FROM (
        SELECT
            s.start_time AS start_time,
            s.trace_duration_ns AS took,
            ifNull(s.team, '') AS d0,
            s.user_id AS user_id,
            s.session_id AS session_id,
            s.trace_errors > 0 AS failed,
            s.trace_tokens AS tokens,
            s.trace_input_tokens AS input_tokens,
            s.trace_output_tokens AS output_tokens,
            s.trace_cost_usd AS cost,
            s.trace_unknown_cost AS no_cost,
            s.trace_unknown_tokens AS no_tokens
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.trace_head
            AND s.environment = {p0:String}
    ) AS s
    GROUP BY bucket, d0
)
GROUP BY GROUPING SETS ((bucket), (d0), ())
ORDER BY mark, found DESC, bucket, d0
LIMIT {p4:UInt32} BY mark
