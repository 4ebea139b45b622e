INSERT INTO sightline.hours (project, hour, version, environment, subject, dimension, value, found, failed, durations, first_tokens, tokens, input_tokens, output_tokens, cost, unknown_tokens, unknown_cost, users, sessions)
SELECT
    {project:String},
    part,
    {p2:UInt64} + toUInt64(part - {p1:Int32}),
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
            toInt32(intDiv(toUnixTimestamp64Nano(s.start_time), 3600000000000)) AS part,
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
            AND s.kind = {p0:String}
        GROUP BY part, environment, d0
    )
    ARRAY JOIN [('', ''), ('model', toString(d0))] AS place
    GROUP BY part, environment, place
)
