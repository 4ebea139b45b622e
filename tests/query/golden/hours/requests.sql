INSERT INTO sightline.hours (project, hour, version, environment, subject, dimension, value, found, failed, durations, first_tokens, tokens, input_tokens, output_tokens, cost, unknown_tokens, unknown_cost, users, sessions)
SELECT
    {project:String},
    part,
    {p1:UInt64} + toUInt64(part - {p0:Int32}),
    r_environment,
    r_subject,
    r_dimension,
    r_value,
    r_found,
    r_failed,
    r_durations,
    r_first_tokens,
    r_tokens,
    r_input_tokens,
    r_output_tokens,
    r_cost,
    r_unknown_tokens,
    r_unknown_cost,
    r_users,
    r_sessions
FROM (
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
            toInt32(intDiv(toUnixTimestamp64Nano(s.start_time), 3600000000000)) AS part,
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
        ) AS s
        GROUP BY part, environment, d0, d1
    )
    ARRAY JOIN [('', ''), ('feature', toString(d0)), ('team', toString(d1))] AS place
    GROUP BY part, environment, place
)
