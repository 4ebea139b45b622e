-- p0 = "prod"
-- p1 = "time"
-- p2 = 1795097840000000000
-- p3 = 1795098600000000000
-- p4 = 1800000000000
-- p5 = 1795098740000000000
SELECT
    bucket,
    place,
    grouping(bucket) AS whole,
    bounds,
    sumForEach(grew) AS counts,
    min(low) AS least,
    max(high) AS most,
    count(low) = count() AS extremes
FROM (
    SELECT
        intDiv(t - {p3:Int64}, {p4:Int64}) AS bucket,
        place,
        bounds,
        if((delta OR (n > 1 AND ((v < before_v OR (began > 0 AND began >= before_t)) OR bounds != before_bounds)) OR n = 1), counted, arrayMap((x, y) -> x - y, counted, arrayResize(before_counted, length(counted)))) AS grew,
        if(delta, least, NULL) AS low,
        if(delta, most, NULL) AS high
    FROM (
        SELECT
            *,
            lagInFrame(t) OVER w AS before_t,
            lagInFrame(v) OVER w AS before_v,
            lagInFrame(counted) OVER w AS before_counted,
            lagInFrame(bounds) OVER w AS before_bounds,
            row_number() OVER w AS n
        FROM (
            SELECT
                toUnixTimestamp64Nano(s.time) AS t,
                toUnixTimestamp64Nano(s.start_time) AS began,
                toFloat64(s.count) AS v,
                CAST(s.bucket_counts, 'Array(Int64)') AS counted,
                s.bounds AS bounds,
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
                AND notEmpty(s.bucket_counts)
                AND s.environment = {p0:String}
                AND s.name = {p1:String}
        )
        WINDOW w AS (PARTITION BY series ORDER BY t, v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
    WHERE t >= {p5:Int64} AND (delta OR n > 1 OR began >= greatest(1, {p2:Int64}))
)
GROUP BY GROUPING SETS ((bucket, place, bounds), (place, bounds))
