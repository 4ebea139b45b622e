SELECT
    s.kind AS d0,
    s.environment AS d1,
    ifNull(CAST(s.attributes.`squad`, 'Nullable(String)'), '') AS d2,
    grouping(d0, d1, d2) AS mark,
    uniqExact(cityHash64(s.trace_id)) AS found,
    count() OVER (PARTITION BY mark) AS different
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
            AND s.trace_head
            AND s.user_id = {p0:String}
            AND s.trace_calls > 0
    )
    AND s.kind = {p1:String}
GROUP BY GROUPING SETS ((d0), (d1), (d2))
ORDER BY mark, found DESC, d0, d1, d2
LIMIT {p2:UInt32} BY mark
---
SELECT
    element AS d0,
    grouping(d0) AS mark,
    uniqExact(cityHash64(s.trace_id)) AS found,
    count() OVER (PARTITION BY mark) AS different
FROM sightline.spans AS s
LEFT ARRAY JOIN s.tags AS element
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
            AND s.trace_head
            AND s.user_id = {p0:String}
            AND s.trace_calls > 0
    )
    AND s.kind = {p1:String}
WHERE element ILIKE {p2:String}
GROUP BY GROUPING SETS ((d0))
ORDER BY mark, found DESC, d0
LIMIT {p3:UInt32} BY mark
---
SELECT
    count() AS spans,
    countIf(f0) AS f0,
    countIf(f1) AS f1,
    countIf(f2) AS f2,
    sumMap(mapFromArrays(t.attr, arrayWithConstant(length(t.attr), toUInt64(1)))) AS attr,
    sumMap(mapFromArrays(t.resource, arrayWithConstant(length(t.resource), toUInt64(1)))) AS resource
FROM (
    SELECT
        ifNull(s.response_model, s.request_model) != '' AS f0,
        s.cost_usd IS NOT NULL AS f1,
        notEmpty(s.tags) AS f2,
        JSONAllPaths(s.attributes) AS attr,
        JSONAllPaths(s.resource) AS resource
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.kind = {p1:String}
        AND s.user_id = {p2:String}
    ORDER BY s.start_time DESC
    LIMIT {p0:UInt32}
) AS t
