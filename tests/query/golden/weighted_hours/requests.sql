INSERT INTO sightline.weighted_hours (project, hour, version, environment, subject, dimension, value, stored, found, failed, tokens, input_tokens, output_tokens, cost, spread_found, spread_failed, spread_tokens, spread_input_tokens, spread_output_tokens, spread_cost, spread_both, unknown_tokens, unknown_cost, durations, first_tokens, users, sessions)
SELECT
    {project:String},
    part,
    {p1:UInt64} + toUInt64(part - {p0:Int32}),
    r_environment,
    r_subject,
    r_dimension,
    r_value,
    r_stored,
    r_found,
    r_failed,
    r_tokens,
    r_input_tokens,
    r_output_tokens,
    r_cost,
    r_spread_found,
    r_spread_failed,
    r_spread_tokens,
    r_spread_input_tokens,
    r_spread_output_tokens,
    r_spread_cost,
    r_spread_both,
    r_unknown_tokens,
    r_unknown_cost,
    r_durations,
    r_first_tokens,
    r_users,
    r_sessions
FROM (
    SELECT
        part,
        environment AS r_environment,
        'requests' AS r_subject,
        place.1 AS r_dimension,
        place.2 AS r_value,
        sum(n) AS r_stored,
        sum(u_found) AS r_found,
        sum(u_failed) AS r_failed,
        sum(u_tokens) AS r_tokens,
        sum(u_input_tokens) AS r_input_tokens,
        sum(u_output_tokens) AS r_output_tokens,
        sum(u_cost) AS r_cost,
        ifNull(sum(left_out * u_found * u_found), 0) AS r_spread_found,
        ifNull(sum(left_out * u_failed * u_failed), 0) AS r_spread_failed,
        ifNull(sum(left_out * u_tokens * u_tokens), 0) AS r_spread_tokens,
        ifNull(sum(left_out * u_input_tokens * u_input_tokens), 0) AS r_spread_input_tokens,
        ifNull(sum(left_out * u_output_tokens * u_output_tokens), 0) AS r_spread_output_tokens,
        ifNull(sum(left_out * u_cost * u_cost), 0) AS r_spread_cost,
        sum(left_out * u_failed * u_found) AS r_spread_both,
        sum(no_tokens) AS r_unknown_tokens,
        sum(no_cost) AS r_unknown_cost,
        quantilesExactWeightedMergeState(0.5, 0.95)(took) AS r_durations,
        quantilesExactWeightedMergeState(0.95)(began) AS r_first_tokens,
        uniqCombined64MergeStateIf(14)(who0, place.1 = '') AS r_users,
        uniqCombined64MergeStateIf(14)(who1, place.1 = '') AS r_sessions
    FROM (
        SELECT
            toInt32(intDiv(toUnixTimestamp64Nano(s.start_time), 3600000000000)) AS part,
            s.environment AS environment,
            arrayJoin([('', ''), ('feature', toString(s.d0)), ('team', toString(s.d1))]) AS place,
            1 - 1 / max(s.weight) AS left_out,
            count() AS n,
            toFloat64(sum(s.weight)) AS u_found,
            toFloat64(sumIf(s.weight, s.status = 'error')) AS u_failed,
            toFloat64(sum(s.weight * (s.tokens))) AS u_tokens,
            toFloat64(sum(s.weight * (s.input_tokens))) AS u_input_tokens,
            toFloat64(sum(s.weight * (s.output_tokens))) AS u_output_tokens,
            toFloat64(sum(s.weight * (s.cost_usd))) AS u_cost,
            quantilesExactWeightedState(0.5, 0.95)(toFloat64(1 + floor(log(greatest(s.duration_ns, 1) + 0 * s.duration_ns) / log(1.01))), toUInt64(round(1000 * s.weight))) AS took,
            quantilesExactWeightedState(0.95)(toFloat64(1 + floor(log(greatest(CAST(NULL, 'Nullable(UInt64)'), 1) + 0 * CAST(NULL, 'Nullable(UInt64)')) / log(1.01))), toUInt64(round(1000 * s.weight))) AS began,
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
                ifNull(s.environment, '') AS environment,
                s.trace_id AS trace_id,
                ifNull(s.trace_weight, 1) AS weight
            FROM sightline.spans AS s
            PREWHERE
                s.project = {project:String}
                AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
                AND s.trace_head
        ) AS s
        GROUP BY part, environment, place, s.trace_id
    )
    GROUP BY part, environment, place
)
