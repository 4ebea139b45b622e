-- The trace of the span that arrived last, if any arrived since a time.
SELECT
    trace_id,
    toUnixTimestamp64Nano(received_at) AS received
FROM sightline.spans
WHERE project = {project:String} AND received_at >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
ORDER BY received_at DESC
LIMIT 1
