SELECT
    trace_id,
    toUnixTimestamp64Nano(start_time) AS started
FROM (
    SELECT
        s.trace_id AS trace_id,
        s.start_time AS start_time
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.depth = 0
    ORDER BY s.start_time DESC
    LIMIT {p0:UInt32} WITH TIES
)
ORDER BY start_time DESC, trace_id DESC
LIMIT {p0:UInt32}
---
SELECT
    trace_id,
    toUnixTimestamp64Nano(start_time) AS started
FROM (
    SELECT
        s.trace_id AS trace_id,
        s.start_time AS start_time
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.depth = 0
        AND s.trace_id IN (
            SELECT s.trace_id
            FROM sightline.spans AS s
            PREWHERE
                s.project = {project:String}
                AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                AND s.kind = {p2:String}
        )
        AND (s.start_time < fromUnixTimestamp64Nano({p0:Int64}, 'UTC') OR (s.trace_id) < ({p1:String}))
        AND s.user_id = {p3:String}
    ORDER BY s.start_time DESC
    LIMIT {p4:UInt32} WITH TIES
)
ORDER BY start_time DESC, trace_id DESC
LIMIT {p4:UInt32}
---
SELECT
    s.trace_id AS id,
    toInt64(max(toUnixTimestamp64Nano(s.start_time) + s.duration_ns) - min(toUnixTimestamp64Nano(s.start_time))) AS sort_key,
    toUnixTimestamp64Nano(minIf(s.start_time, s.depth = 0)) AS stands
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
GROUP BY s.trace_id
HAVING
    stands >= {since:Int64}
    AND stands < {until:Int64}
ORDER BY sort_key DESC NULLS LAST, id DESC
LIMIT {p0:UInt32}
---
SELECT
    s.trace_id AS id,
    toInt64(round(sumIf(s.cost_usd, s.usage_source = 'own') * 1e9)) AS sort_key,
    toUnixTimestamp64Nano(minIf(s.start_time, s.depth = 0)) AS stands
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
    AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.depth = 0
            AND s.trace_id IN (
                SELECT s.trace_id
                FROM sightline.spans AS s
                PREWHERE
                    s.project = {project:String}
                    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                    AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                    AND s.kind = {p0:String}
            )
            AND s.trace_id NOT IN (
                SELECT s.trace_id
                FROM sightline.spans AS s
                PREWHERE
                    s.project = {project:String}
                    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                    AND s.start_time < fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                    AND s.depth = 0
            )
            AND s.user_id = {p1:String}
    )
GROUP BY s.trace_id
HAVING
    stands >= {since:Int64}
    AND stands < {until:Int64}
    AND (sort_key IS NULL AND (s.trace_id) > ({p2:String}))
ORDER BY sort_key ASC NULLS LAST, id ASC
LIMIT {p3:UInt32}
---
SELECT *
FROM (
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
    LIMIT {p3:UInt32} WITH TIES
)
ORDER BY sort_key DESC, trace_id DESC, span_id DESC
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
