-- What a project's scrape adds since the last one, by the labels it chose; beyond `most` rows all are `other`.
-- Each span counts as many times as it stands for. Usage counts once. Classes of tokens do not overlap: their sum is
-- what was used.
WITH
    [
        toString(kind),
        ifNull(toString(provider), ''),
        ifNull(toString(response_model), ifNull(toString(request_model), '')),
        ifNull(toString(service), ''),
        ifNull(toString(environment), ''),
        ifNull(toString(team), ''),
        ifNull(toString(feature), ''),
        ifNull(toString(operation), ''),
        ifNull(toString(agent_name), ''),
        ifNull(toString(release), ''),
        ifNull(toString(error_type), '')
    ] AS dimensions,
    has({kinds:Array(String)}, toString(kind)) AS asked,
    ifNull(usage_source, '') = 'own' AS own,
    ifNull(sample_weight, 1) AS weight,
    start_time < subtractSeconds(digested_at, {late_seconds:UInt32}) AS late,
    ifNull(toInt64(input_tokens), 0) AS tokens_in,
    ifNull(toInt64(output_tokens), 0) AS tokens_out,
    ifNull(toInt64(cache_read_tokens), 0) AS tokens_read,
    ifNull(toInt64(cache_write_tokens), 0) AS tokens_written,
    ifNull(toInt64(reasoning_tokens), 0) AS tokens_thought,
    counted AS (
        SELECT
            arrayMap(i -> substringUTF8(dimensions[i], 1, 120), {labels:Array(UInt8)}) AS labels,
            sumIf(weight, asked) AS requests,
            sumIf(weight, asked AND status = 'error') AS errors,
            sumIf(weight * duration_ns, asked) / 1e9 AS seconds,
            sumForEachIf(
                arrayMap(b -> weight * (duration_ns <= b), {duration_bounds:Array(UInt64)}), asked
            ) AS seconds_within,
            sumIf(weight, asked AND time_to_first_token_ns IS NOT NULL) AS firsts,
            sumIf(weight * ifNull(time_to_first_token_ns, 0), asked) / 1e9 AS first_seconds,
            sumForEachIf(
                arrayMap(
                    b -> weight * ifNull(time_to_first_token_ns <= b, 0), {first_bounds:Array(UInt64)}
                ),
                asked
            ) AS first_within,
            [
                sumIf(weight * greatest(0, tokens_in - tokens_read - tokens_written), own),
                sumIf(weight * tokens_read, own),
                sumIf(weight * tokens_written, own),
                sumIf(weight * greatest(0, tokens_out - tokens_thought), own),
                sumIf(weight * tokens_thought, own)
            ] AS tokens,
            sumIf(weight * ifNull(cost_usd, 0), own) AS cost,
            sumIf(weight, own AND ifNull(cost_source, '') = 'unknown') AS unknown_cost
        FROM sightline.spans
        PREWHERE project = {project:String}
        WHERE
            start_time >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
            AND digested_at > fromUnixTimestamp64Micro({after:Int64}, 'UTC')
            AND digested_at <= fromUnixTimestamp64Micro({until:Int64}, 'UTC')
            AND late = {late:UInt8}
            AND (asked OR own)
        GROUP BY labels
    ),
    placed AS (
        SELECT
            *,
            row_number() OVER (ORDER BY requests DESC, cost DESC, labels ASC) AS place
        FROM counted
    )
SELECT
    if(place <= {most:UInt32}, labels, arrayMap(x -> 'other', labels)) AS shown,
    sum(requests),
    sum(errors),
    sum(seconds),
    sumForEach(seconds_within),
    sum(firsts),
    sum(first_seconds),
    sumForEach(first_within),
    sumForEach(tokens),
    sum(cost),
    sum(unknown_cost)
FROM placed
GROUP BY shown
