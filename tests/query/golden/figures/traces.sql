SELECT
    s.d0 AS k0,
    cityHash64(k0) AS key,
    count() AS ranked_by,
    count() OVER () AS groups,
    sum(count()) OVER () AS found
FROM (
    SELECT
        s.trace_id AS trace_id,
        minIf(s.start_time, s.depth = 0) AS start_time,
        max(toUnixTimestamp64Nano(s.start_time) + s.duration_ns) - min(toUnixTimestamp64Nano(s.start_time)) AS duration_ns,
        sumIf(s.cost_usd, s.usage_source = 'own') AS cost_usd,
        countIf(s.cost_source = 'unknown') AS unknown_cost,
        argMin(ifNull(s.environment, ''), (s.depth, s.start_time)) AS d0
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
                        AND s.status = {p0:String}
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
        )
    GROUP BY s.trace_id
) AS s
GROUP BY k0
ORDER BY k0 = '' DESC, ranked_by DESC NULLS LAST, k0
LIMIT {p1:UInt32}
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
        s.trace_id AS trace_id,
        minIf(s.start_time, s.depth = 0) AS start_time,
        max(toUnixTimestamp64Nano(s.start_time) + s.duration_ns) - min(toUnixTimestamp64Nano(s.start_time)) AS duration_ns,
        sumIf(s.cost_usd, s.usage_source = 'own') AS cost_usd,
        countIf(s.cost_source = 'unknown') AS unknown_cost,
        argMin(ifNull(s.environment, ''), (s.depth, s.start_time)) AS d0
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
                        AND s.status = {p4:String}
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
        )
    GROUP BY s.trace_id
) AS s
GROUP BY GROUPING SETS ((bucket, chosen), (chosen), (bucket), ())
