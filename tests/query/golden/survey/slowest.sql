SELECT s.trace_id AS id, max(toUnixTimestamp64Nano(s.start_time) + s.duration_ns) - min(toUnixTimestamp64Nano(s.start_time)) AS took
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.depth = 0
    AND s.trace_id NOT IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.depth = 0
    )
    AND s.environment = {p0:String}
GROUP BY s.trace_id
ORDER BY took DESC, id
LIMIT {p1:UInt32}
