-- spans: child of llm or parent of tool
-- p0 = "llm"
-- p1 = "tool"
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND ((s.depth > 0 AND (s.trace_id, s.parent_span_id) IN (
        SELECT s.trace_id, s.span_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND s.kind = {p0:String}
    )) OR (s.trace_id, s.span_id) IN (
        SELECT s.trace_id, s.parent_span_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND s.depth > 0
            AND s.kind = {p1:String}
    ))
