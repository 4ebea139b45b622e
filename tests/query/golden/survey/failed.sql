SELECT s.trace_id AS id, s.start_time AS began
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.trace_head
    AND s.environment = {p1:String}
    AND s.trace_errors > 0
ORDER BY began DESC
LIMIT {p0:UInt32}
