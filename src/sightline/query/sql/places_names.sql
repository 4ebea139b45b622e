-- Sessions, users and models whose name has what was typed, in any case; with whole beginnings first.
SELECT source, value
FROM (
    SELECT
        pair.1 AS source,
        pair.2 AS value,
        count() AS spans
    FROM sightline.spans
    ARRAY JOIN
        [
            ('session', ifNull(session_id, '')),
            ('user', ifNull(user_id, '')),
            ('model', ifNull(toString(ifNull(response_model, request_model)), ''))
        ] AS pair
    PREWHERE project = {project:String}
    WHERE
        start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND positionCaseInsensitiveUTF8(pair.2, {text:String}) > 0
    GROUP BY source, value
)
ORDER BY
    source ASC,
    startsWith(lowerUTF8(value), lowerUTF8({text:String})) DESC,
    spans DESC,
    value ASC
LIMIT {most:UInt32} BY source
