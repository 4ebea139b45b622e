SELECT
    r_subject AS subject,
    place.1 AS dimension,
    place.2 AS value,
    sum(r_found) AS found,
    sum(r_failed) AS failed,
    quantilesDDMerge(0.005, 0.5, 0.95)(r_durations) AS took,
    quantilesDDMerge(0.005, 0.95)(r_first_tokens) AS first_token,
    sum(r_tokens) AS tokens,
    sum(r_input_tokens) AS input_tokens,
    sum(r_output_tokens) AS output_tokens,
    sum(r_cost) AS cost,
    sum(r_unknown_tokens) AS unknown_tokens,
    sum(r_unknown_cost) AS unknown_cost,
    uniqCombined64Merge(14)(r_users) AS users,
    uniqCombined64Merge(14)(r_sessions) AS sessions,
    count() OVER (PARTITION BY subject, dimension) AS groups
FROM (
    SELECT
        intDiv((toInt64(hour) * 3600000000000) - {p5:Int64}, {p6:Int64}) AS part,
        environment AS r_environment,
        subject AS r_subject,
        dimension AS r_dimension,
        value AS r_value,
        found AS r_found,
        failed AS r_failed,
        durations AS r_durations,
        first_tokens AS r_first_tokens,
        tokens AS r_tokens,
        input_tokens AS r_input_tokens,
        output_tokens AS r_output_tokens,
        cost AS r_cost,
        unknown_tokens AS r_unknown_tokens,
        unknown_cost AS r_unknown_cost,
        users AS r_users,
        sessions AS r_sessions
    FROM sightline.hours
    WHERE
        project = {project:String}
        AND subject IN {p1:Array(String)}
        AND hour >= {p2:Int32}
        AND hour < {p3:Int32}
        AND version IN {p0:Array(UInt64)}
        AND environment = {p4:String}
    UNION ALL
    SELECT
        part,
        environment AS r_environment,
        'requests' AS r_subject,
        place.1 AS r_dimension,
        place.2 AS r_value,
        sum(n) AS r_found,
        sum(bad) AS r_failed,
        quantilesDDMergeState(0.005, 0.5, 0.95)(took) AS r_durations,
        quantilesDDMergeState(0.005, 0.95)(began) AS r_first_tokens,
        sum(sum_tokens) AS r_tokens,
        sum(sum_input_tokens) AS r_input_tokens,
        sum(sum_output_tokens) AS r_output_tokens,
        sum(sum_cost) AS r_cost,
        sum(no_tokens) AS r_unknown_tokens,
        sum(no_cost) AS r_unknown_cost,
        uniqCombined64MergeStateIf(14)(who0, place.1 = '') AS r_users,
        uniqCombined64MergeStateIf(14)(who1, place.1 = '') AS r_sessions
    FROM (
        SELECT
            intDiv(toUnixTimestamp64Nano(s.start_time) - {p5:Int64}, {p6:Int64}) AS part,
            s.d0 AS d0,
            s.d1 AS d1,
            s.environment AS environment,
            count() AS n,
            countIf(s.status = 'error') AS bad,
            quantilesDDState(0.005, 0.5, 0.95)(s.duration_ns) AS took,
            quantilesDDState(0.005, 0.95)(CAST(NULL, 'Nullable(UInt64)')) AS began,
            sum(s.tokens) AS sum_tokens,
            sum(s.input_tokens) AS sum_input_tokens,
            sum(s.output_tokens) AS sum_output_tokens,
            sum(s.cost_usd) AS sum_cost,
            sum(s.unknown_tokens) AS no_tokens,
            sum(s.unknown_cost) AS no_cost,
            uniqCombined64State(14)(nullIf(s.user_id, '')) AS who0,
            uniqCombined64State(14)(nullIf(s.session_id, '')) AS who1
        FROM (
            SELECT
                s.start_time AS start_time,
                s.trace_duration_ns AS duration_ns,
                if(s.trace_errors > 0, 'error', 'ok') AS status,
                s.user_id AS user_id,
                s.session_id AS session_id,
                s.trace_calls AS calls,
                s.trace_tokens AS tokens,
                s.trace_input_tokens AS input_tokens,
                s.trace_output_tokens AS output_tokens,
                s.trace_cache_read_tokens AS cache_read_tokens,
                s.trace_cache_write_tokens AS cache_write_tokens,
                s.trace_reasoning_tokens AS reasoning_tokens,
                s.trace_cost_usd AS cost_usd,
                s.trace_unknown_cost AS unknown_cost,
                s.trace_unknown_tokens AS unknown_tokens,
                ifNull(s.feature, '') AS d0,
                ifNull(s.team, '') AS d1,
                ifNull(s.environment, '') AS environment
            FROM sightline.spans AS s
            PREWHERE
                s.project = {project:String}
                AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
                AND s.trace_head
                AND ((s.start_time >= fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND s.start_time < fromUnixTimestamp64Nano({p7:Int64}, 'UTC')))
                AND s.environment = {p4:String}
        ) AS s
        GROUP BY part, environment, d0, d1
    )
    ARRAY JOIN [('', ''), ('feature', toString(d0)), ('team', toString(d1))] AS place
    GROUP BY part, environment, place
    UNION ALL
    SELECT
        part,
        environment AS r_environment,
        'calls' AS r_subject,
        place.1 AS r_dimension,
        place.2 AS r_value,
        sum(n) AS r_found,
        sum(bad) AS r_failed,
        quantilesDDMergeState(0.005, 0.5, 0.95)(took) AS r_durations,
        quantilesDDMergeState(0.005, 0.95)(began) AS r_first_tokens,
        sum(sum_tokens) AS r_tokens,
        sum(sum_input_tokens) AS r_input_tokens,
        sum(sum_output_tokens) AS r_output_tokens,
        sum(sum_cost) AS r_cost,
        sum(no_tokens) AS r_unknown_tokens,
        sum(no_cost) AS r_unknown_cost,
        uniqCombined64MergeStateIf(14)(who0, place.1 = '') AS r_users,
        uniqCombined64MergeStateIf(14)(who1, place.1 = '') AS r_sessions
    FROM (
        SELECT
            intDiv(toUnixTimestamp64Nano(s.start_time) - {p5:Int64}, {p6:Int64}) AS part,
            ifNull(ifNull(s.response_model, s.request_model), '') AS d0,
            ifNull(s.environment, '') AS environment,
            count() AS n,
            countIf(s.status = 'error') AS bad,
            quantilesDDState(0.005, 0.5, 0.95)(s.duration_ns) AS took,
            quantilesDDState(0.005, 0.95)(s.time_to_first_token_ns) AS began,
            sumIf(if(s.input_tokens IS NULL AND s.output_tokens IS NULL, s.tokens_total, ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0)), s.usage_source = 'own') AS sum_tokens,
            sumIf(s.input_tokens, s.usage_source = 'own') AS sum_input_tokens,
            sumIf(s.output_tokens, s.usage_source = 'own') AS sum_output_tokens,
            sumIf(s.cost_usd, s.usage_source = 'own') AS sum_cost,
            countIf(s.kind = 'llm' AND ifNull(s.usage_source, '') != 'rollup' AND (s.input_tokens IS NULL OR s.output_tokens IS NULL)) AS no_tokens,
            countIf(s.cost_source = 'unknown') AS no_cost,
            uniqCombined64State(14)(CAST(NULL, 'Nullable(String)')) AS who0,
            uniqCombined64State(14)(CAST(NULL, 'Nullable(String)')) AS who1
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND ((s.start_time >= fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND s.start_time < fromUnixTimestamp64Nano({p7:Int64}, 'UTC')))
            AND s.kind = {p8:String}
            AND s.environment = {p4:String}
        GROUP BY part, environment, d0
    )
    ARRAY JOIN [('', ''), ('model', toString(d0))] AS place
    GROUP BY part, environment, place
    UNION ALL
    SELECT
        part,
        environment AS r_environment,
        'entries' AS r_subject,
        place.1 AS r_dimension,
        place.2 AS r_value,
        sum(n) AS r_found,
        sum(bad) AS r_failed,
        quantilesDDMergeState(0.005, 0.5, 0.95)(took) AS r_durations,
        quantilesDDMergeState(0.005, 0.95)(began) AS r_first_tokens,
        sum(sum_tokens) AS r_tokens,
        sum(sum_input_tokens) AS r_input_tokens,
        sum(sum_output_tokens) AS r_output_tokens,
        sum(sum_cost) AS r_cost,
        sum(no_tokens) AS r_unknown_tokens,
        sum(no_cost) AS r_unknown_cost,
        uniqCombined64MergeStateIf(14)(who0, place.1 = '') AS r_users,
        uniqCombined64MergeStateIf(14)(who1, place.1 = '') AS r_sessions
    FROM (
        SELECT
            intDiv(toUnixTimestamp64Nano(s.start_time) - {p5:Int64}, {p6:Int64}) AS part,
            ifNull(s.service, '') AS d0,
            ifNull(s.environment, '') AS environment,
            count() AS n,
            countIf(s.status = 'error') AS bad,
            quantilesDDState(0.005, 0.5, 0.95)(s.duration_ns) AS took,
            quantilesDDState(0.005, 0.95)(s.time_to_first_token_ns) AS began,
            sumIf(if(s.input_tokens IS NULL AND s.output_tokens IS NULL, s.tokens_total, ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0)), s.usage_source = 'own') AS sum_tokens,
            sumIf(s.input_tokens, s.usage_source = 'own') AS sum_input_tokens,
            sumIf(s.output_tokens, s.usage_source = 'own') AS sum_output_tokens,
            sumIf(s.cost_usd, s.usage_source = 'own') AS sum_cost,
            countIf(s.kind = 'llm' AND ifNull(s.usage_source, '') != 'rollup' AND (s.input_tokens IS NULL OR s.output_tokens IS NULL)) AS no_tokens,
            countIf(s.cost_source = 'unknown') AS no_cost,
            uniqCombined64State(14)(CAST(NULL, 'Nullable(String)')) AS who0,
            uniqCombined64State(14)(CAST(NULL, 'Nullable(String)')) AS who1
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND ((s.start_time >= fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND s.start_time < fromUnixTimestamp64Nano({p7:Int64}, 'UTC')))
            AND s.depth = {p9:Int64}
            AND s.environment = {p4:String}
        GROUP BY part, environment, d0
    )
    ARRAY JOIN [('', ''), ('service', toString(d0))] AS place
    GROUP BY part, environment, place
)
ARRAY JOIN if(r_dimension = '', [('bucket', toString(part)), ('', ''), ('env', r_environment)], [(r_dimension, r_value)]) AS place
GROUP BY subject, dimension, value
ORDER BY found DESC, subject, dimension, value
LIMIT {p10:UInt32} BY subject, dimension
