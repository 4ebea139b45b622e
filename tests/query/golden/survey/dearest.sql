SELECT s.trace_id AS id, round(sum(s.cost_usd) * 1e9) AS cost
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.usage_source = 'own'
    AND s.cost_usd > 0
    AND s.environment = {p0:String}
GROUP BY s.trace_id
ORDER BY cost DESC, id
LIMIT {p1:UInt32}
