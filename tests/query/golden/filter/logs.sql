-- spans: log:timeout has:log
-- p0 = "timeout"
-- p1 = "(?i)(?:^|\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[^\\p{L}\\p{N}\\p{M}]|[\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2E80}-\\x{2FDF}\\x{3005}-\\x{3007}\\x{3021}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FF66}-\\x{FF9D}\\x{20000}-\\x{3FFFF}])timeout(?:$|[^\\p{L}\\p{N}\\p{M}\\\\]|\\\\+(?:$|[^u\\\\]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2E80}-\\x{2FDF}\\x{3005}-\\x{3007}\\x{3021}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FF66}-\\x{FF9D}\\x{20000}-\\x{3FFFF}])"
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (s.trace_id, s.span_id) IN (
        SELECT l.trace_id, l.span_id
        FROM sightline.logs AS l
        PREWHERE
            l.project = {project:String}
            AND l.time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND l.time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
            AND positionCaseInsensitive(l.body, {p0:String}) > 0 AND match(l.body, {p1:String})
    )
    AND (s.trace_id, s.span_id) IN (
        SELECT l.trace_id, l.span_id
        FROM sightline.logs AS l
        PREWHERE
            l.project = {project:String}
            AND l.time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
            AND l.time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
    )
