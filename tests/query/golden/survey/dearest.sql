SELECT s.trace_id AS id, round(s.trace_cost_usd * 1e9) AS cost
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.trace_head
    AND s.trace_cost_usd > 0
    AND s.environment = {p1:String}
ORDER BY cost DESC, id
LIMIT {p0:UInt32}
