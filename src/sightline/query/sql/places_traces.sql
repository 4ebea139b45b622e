-- Traces whose id begins with what was typed, latest first.
SELECT trace_id
FROM sightline.spans
PREWHERE
    project = {project:String}
    AND start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND startsWith(trace_id, {text:String})
GROUP BY trace_id
ORDER BY max(start_time) DESC
LIMIT {most:UInt32}
