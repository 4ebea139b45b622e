-- spans: session:(any error and traces>2 and cost>1)
-- p0 = "error"
-- p1 = 2
-- p2 = 1
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.session_id IN (
        SELECT s.session_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND s.session_id IS NOT NULL
            AND s.status = {p0:String}
    )
    AND s.session_id IN (
        SELECT s.session_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND s.session_id IS NOT NULL
        GROUP BY s.session_id
        HAVING uniqExact(s.trace_id) > {p1:Int64}
    )
    AND s.session_id IN (
        SELECT s.session_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND s.session_id IS NOT NULL
        GROUP BY s.session_id
        HAVING sumIf(s.cost_usd, s.usage_source = 'own') > {p2:Int64}
    )
