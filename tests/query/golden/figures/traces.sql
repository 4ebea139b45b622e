SELECT
    s.d0 AS k0,
    cityHash64(k0) AS key,
    count() AS ranked_by,
    count() OVER () AS groups,
    sum(count()) OVER () AS found
FROM (
    SELECT
        s.start_time AS start_time,
        s.trace_duration_ns AS duration_ns,
        s.trace_cost_usd AS cost_usd,
        s.trace_unknown_cost AS unknown_cost,
        ifNull(s.environment, '') AS d0
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.trace_head
        AND s.trace_errors > 0
) AS s
GROUP BY k0
ORDER BY k0 = '' DESC, ranked_by DESC NULLS LAST, k0
LIMIT {p0:UInt32}
---
SELECT
    intDiv(toUnixTimestamp64Nano(s.start_time) - {p0:Int64}, {p1:Int64}) AS bucket,
    transform(cityHash64(s.d0), {p2:Array(UInt64)}, {p3:Array(UInt8)}, toUInt8(0)) AS chosen,
    grouping(bucket) AS no_bucket,
    grouping(chosen) AS no_group,
    count() AS found,
    count() AS m0,
    0 AS u0,
    sum(s.cost_usd) AS m1,
    sum(s.unknown_cost) AS u1,
    quantileExact(0.95)(s.duration_ns) AS m2,
    0 AS u2
FROM (
    SELECT
        s.start_time AS start_time,
        s.trace_duration_ns AS duration_ns,
        s.trace_cost_usd AS cost_usd,
        s.trace_unknown_cost AS unknown_cost,
        ifNull(s.environment, '') AS d0
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.trace_head
        AND s.trace_errors > 0
) AS s
GROUP BY GROUPING SETS ((bucket, chosen), (chosen), (bucket), ())
