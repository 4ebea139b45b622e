SELECT
    r_subject AS subject,
    place.1 AS dimension,
    place.2 AS value,
    sum(r_stored) AS stored,
    sum(r_found) AS found,
    sum(r_failed) AS failed,
    sum(r_tokens) AS tokens,
    sum(r_input_tokens) AS input_tokens,
    sum(r_output_tokens) AS output_tokens,
    sum(r_cost) AS cost,
    sum(r_spread_found) AS spread_found,
    sum(r_spread_failed) AS spread_failed,
    sum(r_spread_tokens) AS spread_tokens,
    sum(r_spread_input_tokens) AS spread_input_tokens,
    sum(r_spread_output_tokens) AS spread_output_tokens,
    sum(r_spread_cost) AS spread_cost,
    sum(r_spread_both) AS spread_both,
    sum(r_unknown_tokens) AS unknown_tokens,
    sum(r_unknown_cost) AS unknown_cost,
    arrayMap(p -> if(p >= 1, pow(1.01, p - 0.5), nan), quantilesExactWeightedMerge(0.5, 0.95)(r_durations)) AS took,
    arrayMap(p -> if(p >= 1, pow(1.01, p - 0.5), nan), quantilesExactWeightedMerge(0.95)(r_first_tokens)) AS first_token,
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
        stored AS r_stored,
        found AS r_found,
        failed AS r_failed,
        tokens AS r_tokens,
        input_tokens AS r_input_tokens,
        output_tokens AS r_output_tokens,
        cost AS r_cost,
        spread_found AS r_spread_found,
        spread_failed AS r_spread_failed,
        spread_tokens AS r_spread_tokens,
        spread_input_tokens AS r_spread_input_tokens,
        spread_output_tokens AS r_spread_output_tokens,
        spread_cost AS r_spread_cost,
        spread_both AS r_spread_both,
        unknown_tokens AS r_unknown_tokens,
        unknown_cost AS r_unknown_cost,
        durations AS r_durations,
        first_tokens AS r_first_tokens,
        users AS r_users,
        sessions AS r_sessions
    FROM sightline.weighted_hours
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
            intDiv(toUnixTimestamp64Nano(s.start_time) - {p5:Int64}, {p6:Int64}) AS part,
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
                AND ((s.start_time >= fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND s.start_time < fromUnixTimestamp64Nano({p7:Int64}, 'UTC')))
                AND s.environment = {p4:String}
        ) AS s
        GROUP BY part, environment, place, s.trace_id
    )
    GROUP BY part, environment, place
    UNION ALL
    SELECT
        part,
        environment AS r_environment,
        'calls' AS r_subject,
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
            intDiv(toUnixTimestamp64Nano(s.start_time) - {p5:Int64}, {p6:Int64}) AS part,
            ifNull(s.environment, '') AS environment,
            arrayJoin([('', ''), ('model', toString(ifNull(ifNull(s.response_model, s.request_model), '')))]) AS place,
            1 - 1 / max(ifNull(s.sample_weight, 1)) AS left_out,
            count() AS n,
            toFloat64(sum(ifNull(s.sample_weight, 1))) AS u_found,
            toFloat64(sumIf(ifNull(s.sample_weight, 1), s.status = 'error')) AS u_failed,
            toFloat64(sumIf(ifNull(s.sample_weight, 1) * (if(s.input_tokens IS NULL AND s.output_tokens IS NULL, s.tokens_total, ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0))), s.usage_source = 'own')) AS u_tokens,
            toFloat64(sumIf(ifNull(s.sample_weight, 1) * (s.input_tokens), s.usage_source = 'own')) AS u_input_tokens,
            toFloat64(sumIf(ifNull(s.sample_weight, 1) * (s.output_tokens), s.usage_source = 'own')) AS u_output_tokens,
            toFloat64(sumIf(ifNull(s.sample_weight, 1) * (s.cost_usd), s.usage_source = 'own')) AS u_cost,
            quantilesExactWeightedState(0.5, 0.95)(toFloat64(1 + floor(log(greatest(s.duration_ns, 1) + 0 * s.duration_ns) / log(1.01))), toUInt64(round(1000 * ifNull(s.sample_weight, 1)))) AS took,
            quantilesExactWeightedState(0.95)(toFloat64(1 + floor(log(greatest(s.time_to_first_token_ns, 1) + 0 * s.time_to_first_token_ns) / log(1.01))), toUInt64(round(1000 * ifNull(s.sample_weight, 1)))) AS began,
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
        GROUP BY part, environment, place, s.trace_id
    )
    GROUP BY part, environment, place
    UNION ALL
    SELECT
        part,
        environment AS r_environment,
        'entries' AS r_subject,
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
            intDiv(toUnixTimestamp64Nano(s.start_time) - {p5:Int64}, {p6:Int64}) AS part,
            ifNull(s.environment, '') AS environment,
            arrayJoin([('', ''), ('service', toString(ifNull(s.service, '')))]) AS place,
            1 - 1 / max(ifNull(s.sample_weight, 1)) AS left_out,
            count() AS n,
            toFloat64(sum(ifNull(s.sample_weight, 1))) AS u_found,
            toFloat64(sumIf(ifNull(s.sample_weight, 1), s.status = 'error')) AS u_failed,
            toFloat64(sumIf(ifNull(s.sample_weight, 1) * (if(s.input_tokens IS NULL AND s.output_tokens IS NULL, s.tokens_total, ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0))), s.usage_source = 'own')) AS u_tokens,
            toFloat64(sumIf(ifNull(s.sample_weight, 1) * (s.input_tokens), s.usage_source = 'own')) AS u_input_tokens,
            toFloat64(sumIf(ifNull(s.sample_weight, 1) * (s.output_tokens), s.usage_source = 'own')) AS u_output_tokens,
            toFloat64(sumIf(ifNull(s.sample_weight, 1) * (s.cost_usd), s.usage_source = 'own')) AS u_cost,
            quantilesExactWeightedState(0.5, 0.95)(toFloat64(1 + floor(log(greatest(s.duration_ns, 1) + 0 * s.duration_ns) / log(1.01))), toUInt64(round(1000 * ifNull(s.sample_weight, 1)))) AS took,
            quantilesExactWeightedState(0.95)(toFloat64(1 + floor(log(greatest(s.time_to_first_token_ns, 1) + 0 * s.time_to_first_token_ns) / log(1.01))), toUInt64(round(1000 * ifNull(s.sample_weight, 1)))) AS began,
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
        GROUP BY part, environment, place, s.trace_id
    )
    GROUP BY part, environment, place
)
ARRAY JOIN if(r_dimension = '', [('bucket', toString(part)), ('', ''), ('env', r_environment)], [(r_dimension, r_value)]) AS place
GROUP BY subject, dimension, value
ORDER BY found DESC, subject, dimension, value
LIMIT {p10:UInt32} BY subject, dimension
