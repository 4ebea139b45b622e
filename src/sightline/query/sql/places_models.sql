-- Models whose name has what was typed. Few values: they are grouped first and compared then.
SELECT named
FROM (
    SELECT
        toString(ifNull(response_model, request_model)) AS named,
        count() AS spans
    FROM sightline.spans
    PREWHERE
        project = {project:String}
        AND start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    WHERE response_model IS NOT NULL OR request_model IS NOT NULL
    GROUP BY response_model, request_model
)
WHERE positionCaseInsensitive(named, {text:String}) > 0
GROUP BY named
ORDER BY startsWith(lower(named), lower({text:String})) DESC, sum(spans) DESC, named ASC
LIMIT {most:UInt32}
