SELECT s.trace_id AS id, s.trace_duration_ns AS took
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.trace_head
    AND s.environment = {p1:String}
ORDER BY took DESC, id
LIMIT {p0:UInt32}
