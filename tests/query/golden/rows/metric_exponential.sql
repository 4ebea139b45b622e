-- p0 = 3
-- p1 = "prod"
-- p2 = "time"
-- p3 = 1795097840000000000
-- p4 = 1795098600000000000
-- p5 = 1800000000000
-- p6 = 1795098740000000000
SELECT
    bucket,
    place,
    grouping(bucket) AS whole,
    sumMap(ups, ups_n) AS positive,
    sumMap(downs, downs_n) AS negative,
    sum(zeros) AS zero,
    max(threshold) AS threshold,
    min(low) AS least,
    max(high) AS most,
    count(low) = count() AS extremes
FROM (
    SELECT
        intDiv(t - {p4:Int64}, {p5:Int64}) AS bucket,
        place,
        (delta OR n = 1 OR (v < before_v OR (began > 0 AND began >= before_t))) AS fresh,
        arrayConcat(up, if(fresh, CAST([], 'Array(Int32)'), before_up)) AS ups,
        arrayConcat(up_n, if(fresh, CAST([], 'Array(Int64)'), arrayMap(x -> -x, before_up_n))) AS ups_n,
        arrayConcat(down, if(fresh, CAST([], 'Array(Int32)'), before_down)) AS downs,
        arrayConcat(down_n, if(fresh, CAST([], 'Array(Int64)'), arrayMap(x -> -x, before_down_n))) AS downs_n,
        if(fresh, zero, zero - before_zero) AS zeros,
        threshold,
        if(delta, least, NULL) AS low,
        if(delta, most, NULL) AS high
    FROM (
        SELECT
            *,
            lagInFrame(t) OVER w AS before_t,
            lagInFrame(v) OVER w AS before_v,
            lagInFrame(up) OVER w AS before_up,
            lagInFrame(up_n) OVER w AS before_up_n,
            lagInFrame(down) OVER w AS before_down,
            lagInFrame(down_n) OVER w AS before_down_n,
            lagInFrame(zero) OVER w AS before_zero,
            row_number() OVER w AS n
        FROM (
            SELECT
                toUnixTimestamp64Nano(s.time) AS t,
                toUnixTimestamp64Nano(s.start_time) AS began,
                toFloat64(s.count) AS v,
                CAST(arrayMap(i -> bitShiftRight(toInt32(ifNull(s.positive_offset, 0) + i - 1), greatest(0, assumeNotNull(s.scale) - {p0:Int32})), arrayEnumerate(s.positive_counts)), 'Array(Int32)') AS up,
                CAST(s.positive_counts, 'Array(Int64)') AS up_n,
                CAST(arrayMap(i -> bitShiftRight(toInt32(ifNull(s.negative_offset, 0) + i - 1), greatest(0, assumeNotNull(s.scale) - {p0:Int32})), arrayEnumerate(s.negative_counts)), 'Array(Int32)') AS down,
                CAST(s.negative_counts, 'Array(Int64)') AS down_n,
                toInt64(ifNull(s.zero_count, 0)) AS zero,
                ifNull(s.zero_threshold, 0) AS threshold,
                s.min AS least,
                s.max AS most,
                toUInt8(1) AS place,
                s.temporality = 'delta' AS delta,
                cityHash64(ifNull(s.service, ''), ifNull(s.environment, ''), s.scope, toJSONString(s.attributes), toJSONString(s.resource)) AS series
            FROM sightline.metrics AS s
            PREWHERE
                s.project = {project:String}
                AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
                AND s.scale IS NOT NULL
                AND s.environment = {p1:String}
                AND s.name = {p2:String}
        )
        WINDOW w AS (PARTITION BY series ORDER BY t, v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
    WHERE t >= {p6:Int64} AND (delta OR n > 1 OR began >= greatest(1, {p3:Int64}))
)
GROUP BY GROUPING SETS ((bucket, place), (place))
