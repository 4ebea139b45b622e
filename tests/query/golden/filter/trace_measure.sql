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
            AND s.trace_head
            AND s.trace_duration_ns > {p0:Int64}
    ) AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND s.trace_head
            AND s.trace_cost_usd > {p1:Int64}
    ))
    AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND s.trace_head
            AND s.trace_spans > {p2:Int64}
    )
