-- p0 = ["/x"]
-- p1 = "prod"
-- p2 = "hits"
-- p3 = 1795097840000000000
-- p4 = 1795098600000000000
-- p5 = 1800000000000
-- p6 = 1795098740000000000
SELECT
    bucket,
    place,
    grouping(bucket) AS whole,
    sum(grew) AS value,
    sum(added_more) AS total
FROM (
    SELECT
        intDiv(t - {p4:Int64}, {p5:Int64}) AS bucket,
        place,
        multiIf((delta OR (n > 1 AND (v < before_v OR (began > 0 AND began >= before_t))) OR (n = 1 AND began >= greatest(1, {p3:Int64}))), v, n = 1, NULL, v - before_v) AS grew,
        multiIf((delta OR (n > 1 AND (v < before_v OR (began > 0 AND began >= before_t))) OR (n = 1 AND began >= greatest(1, {p3:Int64}))), added, n = 1, NULL, added - before_added) AS added_more
    FROM (
        SELECT
            *,
            lagInFrame(t) OVER w AS before_t,
            lagInFrame(v) OVER w AS before_v,
            lagInFrame(added) OVER w AS before_added,
            row_number() OVER w AS n
        FROM (
            SELECT
                toUnixTimestamp64Nano(s.time) AS t,
                toUnixTimestamp64Nano(s.start_time) AS began,
                if(s.type IN ('histogram', 'exponential_histogram', 'summary'), toFloat64(s.count), s.value) AS v,
                s.sum AS added,
                toUInt8(indexOf({p0:Array(String)}, ifNull(CAST(s.attributes.`route`, 'Nullable(String)'), ''))) AS place,
                s.temporality = 'delta' AS delta,
                cityHash64(ifNull(s.service, ''), ifNull(s.environment, ''), s.scope, toJSONString(s.attributes), toJSONString(s.resource)) AS series
            FROM sightline.metrics AS s
            PREWHERE
                s.project = {project:String}
                AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
                AND s.environment = {p1:String}
                AND s.name = {p2:String}
        )
        WINDOW w AS (PARTITION BY series ORDER BY t, v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
    WHERE t >= {p6:Int64}
)
GROUP BY GROUPING SETS ((bucket, place), (place))
