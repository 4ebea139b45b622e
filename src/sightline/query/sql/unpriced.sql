-- Calls whose cost is unknown, by provider and model. The models are named as the filter's `model` does.
SELECT
    ifNull(toString(provider), '') AS sender,
    ifNull(toString(ifNull(response_model, request_model)), '') AS named,
    count() AS calls,
    sum(ifNull(input_tokens, 0) + ifNull(output_tokens, 0)) AS tokens,
    countIf(input_tokens IS NULL AND output_tokens IS NULL) AS untold,
    toUnixTimestamp64Nano(max(start_time)) AS last
FROM sightline.spans
PREWHERE project = {project:String}
WHERE
    start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND cost_source = 'unknown'
GROUP BY sender, named
ORDER BY calls DESC, sender ASC, named ASC
LIMIT {most:UInt32}
