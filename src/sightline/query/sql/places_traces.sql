-- Traces whose id begins with what was typed, latest first.
SELECT trace_id
FROM sightline.spans
PREWHERE project = {project:String} AND startsWith(trace_id, {prefix:String})
WHERE start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
GROUP BY trace_id
ORDER BY max(start_time) DESC
LIMIT {most:UInt32}
