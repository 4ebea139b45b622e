-- traces: user:alice cost>0.01 trace:(any llm error)
-- p0 = "alice"
-- p1 = 0.01
-- p2 = "llm"
-- p3 = "error"
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.trace_head
    AND s.user_id = {p0:String}
    AND s.trace_cost_usd > {p1:Float64}
    AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND s.kind = {p2:String}
            AND s.status = {p3:String}
    )
