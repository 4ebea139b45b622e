-- p0 = 1795098600000000000
-- p1 = 1800000000000
-- p2 = ["a", "b"]
SELECT
    metric,
    bucket,
    avg(mean) AS level,
    sum(added) AS counted,
    sum(multiIf(n = 1, NULL, reached < before, reached, reached - before)) AS grew
FROM (
    SELECT
        *,
        lagInFrame(reached) OVER w AS before,
        row_number() OVER w AS n
    FROM (
        SELECT
            s.name AS metric,
            cityHash64(ifNull(s.service, ''), ifNull(s.environment, ''), s.scope, toJSONString(s.attributes), toJSONString(s.resource)) AS series,
            intDiv(toUnixTimestamp64Nano(s.time) - {p0:Int64}, {p1:Int64}) AS bucket,
            avg(if(s.type IN ('histogram', 'exponential_histogram', 'summary'), toFloat64(s.count), s.value)) AS mean,
            sum(if(s.type IN ('histogram', 'exponential_histogram', 'summary'), toFloat64(s.count), s.value)) AS added,
            argMax(if(s.type IN ('histogram', 'exponential_histogram', 'summary'), toFloat64(s.count), s.value), s.time) AS reached
        FROM sightline.metrics AS s
        PREWHERE
            s.project = {project:String}
            AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.name IN {p2:Array(String)}
        GROUP BY metric, series, bucket
    )
    WINDOW w AS (PARTITION BY metric, series ORDER BY bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
GROUP BY metric, bucket
