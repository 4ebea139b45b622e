-- traces: llm cost>0.01
-- p0 = "llm"
-- p1 = 0.01
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.trace_head
    AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND s.kind = {p0:String}
            AND s.cost_usd > {p1:Float64}
    )
