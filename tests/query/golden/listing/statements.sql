SELECT
    s.trace_id AS trace_id,
    toUnixTimestamp64Nano(s.start_time) AS started
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.trace_head
ORDER BY s.start_time DESC
LIMIT {p0:UInt32}
---
SELECT
    s.trace_id AS trace_id,
    toUnixTimestamp64Nano(s.start_time) AS started
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.trace_head
    AND (s.start_time < fromUnixTimestamp64Nano({p0:Int64}, 'UTC') OR (s.trace_id) < ({p1:String}))
    AND s.user_id = {p2:String}
    AND s.trace_calls > 0
ORDER BY s.start_time DESC
LIMIT {p3:UInt32}
---
SELECT
    s.trace_id AS id,
    toInt64(s.trace_duration_ns) AS sort_key,
    toUnixTimestamp64Nano(s.start_time) AS stands
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.trace_head
ORDER BY sort_key DESC NULLS LAST, id DESC
LIMIT {p0:UInt32}
---
SELECT
    s.trace_id AS id,
    toInt64(round(s.trace_cost_usd * 1e9)) AS sort_key,
    toUnixTimestamp64Nano(s.start_time) AS stands
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.trace_head
    AND (toInt64(round(s.trace_cost_usd * 1e9)) IS NULL AND (s.trace_id) > ({p0:String}))
    AND s.user_id = {p1:String}
    AND s.trace_calls > 0
ORDER BY sort_key ASC NULLS LAST, id ASC
LIMIT {p2:UInt32}
---
SELECT
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    toUnixTimestamp64Nano(s.start_time) AS sort_key,
    toUnixTimestamp64Nano(s.start_time) AS started
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (s.start_time < fromUnixTimestamp64Nano({p0:Int64}, 'UTC') OR (s.trace_id, s.span_id) < ({p1:String}, {p2:String}))
    AND s.kind = {p4:String}
    AND s.user_id = {p5:String}
ORDER BY s.start_time DESC
LIMIT {p3:UInt32}
---
SELECT
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    toInt64(round(s.cost_usd * 1e9)) AS sort_key,
    toUnixTimestamp64Nano(s.start_time) AS started
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (toInt64(round(s.cost_usd * 1e9)) < {p2:Int64} OR (toInt64(round(s.cost_usd * 1e9)) = {p2:Int64} AND (s.trace_id, s.span_id) < ({p0:String}, {p1:String})) OR toInt64(round(s.cost_usd * 1e9)) IS NULL)
    AND s.kind = {p4:String}
    AND s.user_id = {p5:String}
ORDER BY sort_key DESC NULLS LAST, s.trace_id DESC, s.span_id DESC
LIMIT {p3:UInt32}
