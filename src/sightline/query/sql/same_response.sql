-- Model responses that several counted spans of one trace tell of: the earliest span of each, then the others.
SELECT arraySort(groupArray((started, id))) AS spans
FROM
(
    SELECT
        response_id AS response,
        toUnixTimestamp64Nano(start_time) AS started,
        span_id AS id
    FROM sightline.spans
    WHERE
        project = {project:String}
        AND trace_id = {trace_id:String}
        AND response_id != ''
        AND usage_source = 'own'
)
GROUP BY response
HAVING count() > 1
LIMIT {limit:UInt32}
