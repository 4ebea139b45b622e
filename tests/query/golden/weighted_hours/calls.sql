INSERT INTO sightline.weighted_hours (project, hour, version, environment, subject, dimension, value, stored, found, failed, tokens, input_tokens, output_tokens, cost, spread_found, spread_failed, spread_tokens, spread_input_tokens, spread_output_tokens, spread_cost, spread_both, unknown_tokens, unknown_cost, durations, first_tokens, users, sessions)
SELECT
    {project:String},
    part,
    {p2:UInt64} + toUInt64(part - {p1:Int32}),
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
            toInt32(intDiv(toUnixTimestamp64Nano(s.start_time), 3600000000000)) AS part,
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
            AND s.kind = {p0:String}
        GROUP BY part, environment, place, s.trace_id
    )
    GROUP BY part, environment, place
)
