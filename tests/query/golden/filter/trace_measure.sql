-- spans: trace:(duration>10s and cost>1) spans>5
-- p0 = 10000000000
-- p1 = 1
-- p2 = 5
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
        GROUP BY s.trace_id
        HAVING max(toUnixTimestamp64Nano(s.start_time) + s.duration_ns) - min(toUnixTimestamp64Nano(s.start_time)) > {p0:Int64}
    ) AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
        GROUP BY s.trace_id
        HAVING sumIf(s.cost_usd, s.usage_source = 'own') > {p1:Int64}
    ))
    AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
        GROUP BY s.trace_id
        HAVING count() > {p2:Int64}
    )
